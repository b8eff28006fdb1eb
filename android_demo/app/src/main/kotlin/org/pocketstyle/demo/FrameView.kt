package org.pocketstyle.demo

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.PixelFormat
import android.graphics.Rect
import android.os.Bundle
import android.util.AttributeSet
import android.view.KeyEvent
import android.view.MotionEvent
import android.view.SurfaceHolder
import android.view.SurfaceView
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.SeekBar

private const val STEP = 0.1f // that a key, or a screen reader's gesture, moves the border

/**
 * Draws the newest frame as large as fits; split, the left part is the frame as it was.
 *
 * The surface is the view's own, which any one thread draws that brings a frame: at the display's full rate, and the
 * UI's thread is left alone. A drawn frame is a texture that the GPU scales; around it is the theme's `colorBackground`.
 */
class FrameView(context: Context, attributes: AttributeSet?) : SurfaceView(context, attributes), SurfaceHolder.Callback {
    private class Frame(val before: Bitmap, val after: Bitmap)

    private val lock = Any() // of all below, which the UI's thread and the one that brings frames use
    private var frame: Frame? = null
    private var onScreen = false // there is a surface
    private val place = Rect() // of the frame, on the surface
    private val source = Rect()
    private val part = Rect()
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private val line = Paint().apply { color = Color.WHITE }
    private val around = themeColour(android.R.attr.colorBackground)

    /** Where the border lies, 0..1 of the frame's width; null shows the stylized frame alone. */
    var split: Float? = null
        set(value) {
            synchronized(lock) {
                field = value
                draw()
            }
            isFocusable = value != null
        }

    /** Split it in the middle, or show the stylized frame alone again. */
    fun toggleSplit() {
        split = if (split == null) 0.5f else null
    }

    /** Tell screen readers what it shows: `alone`, a string with a place for the style's title, unless it is split. */
    fun describe(alone: Int, title: String) {
        contentDescription = context.getString(if (split == null) alone else R.string.split_description, title)
    }

    init {
        holder.setFormat(PixelFormat.RGBX_8888) // else it is RGB_565, and smooth colours show steps
        holder.addCallback(this)
    }

    /**
     * Show a frame; its pixels are copied.
     *
     * @param before ARGB [height, width], as `after`.
     */
    fun show(before: IntArray, after: IntArray, width: Int, height: Int) {
        synchronized(lock) {
            val kept = frame?.takeIf { it.after.width == width && it.after.height == height } ?: newFrame(width, height)
            kept.before.setPixels(before, 0, width, 0, 0, width, height)
            kept.after.setPixels(after, 0, width, 0, 0, width, height)
            frame = kept
            draw()
        }
    }

    /** The stylized frame that is shown, a copy; null before the first one. */
    fun picture(): Bitmap? = synchronized(lock) { frame?.after?.copy(Bitmap.Config.ARGB_8888, false) }

    override fun surfaceCreated(holder: SurfaceHolder) = synchronized(lock) { onScreen = true }

    override fun surfaceChanged(holder: SurfaceHolder, format: Int, width: Int, height: Int) = synchronized(lock) { draw() }

    /** Waits for a frame that is being drawn: the surface is gone after this. */
    override fun surfaceDestroyed(holder: SurfaceHolder) = synchronized(lock) { onScreen = false }

    private fun draw() {
        if (!onScreen) return
        val canvas = holder.lockHardwareCanvas() ?: return
        try {
            canvas.drawColor(around)
            frame?.let { draw(canvas, it) }
        } finally {
            holder.unlockCanvasAndPost(canvas)
        }
    }

    private fun draw(canvas: Canvas, frame: Frame) {
        val scale = minOf(canvas.width.toFloat() / frame.after.width, canvas.height.toFloat() / frame.after.height)
        val wide = (scale * frame.after.width).toInt()
        val high = (scale * frame.after.height).toInt()
        place.set(0, 0, wide, high)
        place.offset((canvas.width - wide) / 2, (canvas.height - high) / 2)
        canvas.drawBitmap(frame.after, null, place, smooth)
        val border = split ?: return
        source.set(0, 0, (border * frame.before.width).toInt(), frame.before.height)
        part.set(place.left, place.top, place.left + (source.right * scale).toInt(), place.bottom)
        canvas.drawBitmap(frame.before, source, part, smooth)
        val half = resources.displayMetrics.density
        canvas.drawRect(part.right - half, place.top.toFloat(), part.right + half, place.bottom.toFloat(), line)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val (left, wide) = synchronized(lock) { place.left to place.width() }
        if (split == null || wide == 0) return super.onTouchEvent(event)
        if (event.action == MotionEvent.ACTION_UP) performClick()
        split = ((event.x - left) / wide).coerceIn(0f, 1f)
        return true
    }

    override fun performClick(): Boolean {
        super.performClick()
        return true
    }

    override fun onKeyDown(code: Int, event: KeyEvent): Boolean =
        when (code) {
            KeyEvent.KEYCODE_DPAD_LEFT -> move(-STEP)
            KeyEvent.KEYCODE_DPAD_RIGHT -> move(STEP)
            else -> false
        } || super.onKeyDown(code, event)

    /** Split, it is a slider to screen readers. */
    override fun onInitializeAccessibilityNodeInfo(info: AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(info)
        val border = split ?: return
        info.className = SeekBar::class.java.name
        @Suppress("DEPRECATION") // its successor needs Android 11
        info.rangeInfo = AccessibilityNodeInfo.RangeInfo.obtain(AccessibilityNodeInfo.RangeInfo.RANGE_TYPE_FLOAT, 0f, 1f, border)
        if (border > 0) info.addAction(AccessibilityNodeInfo.AccessibilityAction.ACTION_SCROLL_BACKWARD)
        if (border < 1) info.addAction(AccessibilityNodeInfo.AccessibilityAction.ACTION_SCROLL_FORWARD)
    }

    override fun performAccessibilityAction(action: Int, arguments: Bundle?): Boolean =
        when (action) {
            AccessibilityNodeInfo.ACTION_SCROLL_BACKWARD -> move(-STEP)
            AccessibilityNodeInfo.ACTION_SCROLL_FORWARD -> move(STEP)
            else -> false
        } || super.performAccessibilityAction(action, arguments)

    /** Whether there is a border to move, and room for it. */
    private fun move(step: Float): Boolean {
        val old = split ?: return false
        split = (old + step).coerceIn(0f, 1f)
        return split != old
    }

    private fun newFrame(width: Int, height: Int) =
        Frame(
            Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888),
            Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888),
        )

    private fun themeColour(attribute: Int): Int {
        val colours = context.obtainStyledAttributes(intArrayOf(attribute))
        return colours.getColor(0, Color.BLACK).also { colours.recycle() }
    }
}
