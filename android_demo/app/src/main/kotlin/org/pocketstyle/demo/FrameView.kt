package org.pocketstyle.demo

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Rect
import android.util.AttributeSet
import android.view.MotionEvent
import android.view.View

/**
 * Draws the newest frame as large as fits; split, the left part is the frame as it was.
 *
 * Frames come from any one thread and are drawn at the display's rate: a drawn frame is a texture that the GPU scales.
 */
class FrameView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private class Frame(val before: Bitmap, val after: Bitmap)

    private val lock = Any()
    private var front: Frame? = null // what is drawn
    private var back: Frame? = null // what is written
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private val line = Paint().apply { color = Color.WHITE }
    private val place = Rect()
    private val source = Rect()
    private val part = Rect()

    /** Where the border lies, 0..1 of the frame's width; null shows the stylized frame alone. */
    var split: Float? = null
        set(value) {
            field = value
            invalidate()
        }

    /**
     * Show a frame; its pixels are copied.
     *
     * @param before ARGB [height, width], as `after`.
     */
    fun show(before: IntArray, after: IntArray, width: Int, height: Int) {
        val into = back?.takeIf { it.after.width == width && it.after.height == height } ?: newFrame(width, height)
        into.before.setPixels(before, 0, width, 0, 0, width, height)
        into.after.setPixels(after, 0, width, 0, 0, width, height)
        synchronized(lock) {
            back = front
            front = into
        }
        postInvalidateOnAnimation()
    }

    /** The stylized frame that is shown, a copy; null before the first one. */
    fun picture(): Bitmap? = synchronized(lock) { front?.after?.copy(Bitmap.Config.ARGB_8888, false) }

    override fun onDraw(canvas: Canvas) {
        synchronized(lock) { front?.let { draw(canvas, it) } }
    }

    private fun draw(canvas: Canvas, frame: Frame) {
        val scale = minOf(width.toFloat() / frame.after.width, height.toFloat() / frame.after.height)
        val wide = (scale * frame.after.width).toInt()
        val high = (scale * frame.after.height).toInt()
        place.set((width - wide) / 2, (height - high) / 2, (width + wide) / 2, (height + high) / 2)
        canvas.drawBitmap(frame.after, null, place, smooth)
        val border = split ?: return
        source.set(0, 0, (border * frame.before.width).toInt(), frame.before.height)
        part.set(place.left, place.top, place.left + (source.right * scale).toInt(), place.bottom)
        canvas.drawBitmap(frame.before, source, part, smooth)
        val half = resources.displayMetrics.density
        canvas.drawRect(part.right - half, place.top.toFloat(), part.right + half, place.bottom.toFloat(), line)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (split == null || place.isEmpty) return super.onTouchEvent(event)
        if (event.action == MotionEvent.ACTION_UP) performClick()
        split = ((event.x - place.left) / place.width()).coerceIn(0f, 1f)
        return true
    }

    override fun performClick(): Boolean {
        super.performClick()
        return true
    }

    private fun newFrame(width: Int, height: Int) =
        Frame(
            Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888),
            Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888),
        )
}
