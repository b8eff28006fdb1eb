package org.pocketstyle.demo

import android.graphics.PixelFormat
import android.view.KeyEvent
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.SeekBar
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

private const val RED = 0xffff0000.toInt()
private const val BLUE = 0xff0000ff.toInt()

@RunWith(RobolectricTestRunner::class)
class FrameViewTest {
    private val view = FrameView(RuntimeEnvironment.getApplication(), null)

    private fun show(before: Int, after: Int) = view.show(IntArray(16) { before }, IntArray(16) { after }, 4, 4)

    private fun forward() = view.performAccessibilityAction(AccessibilityNodeInfo.ACTION_SCROLL_FORWARD, null)

    private fun backward() = view.performAccessibilityAction(AccessibilityNodeInfo.ACTION_SCROLL_BACKWARD, null)

    @Test
    fun `whoever brings a frame draws it, as large as fits`() {
        view.surface.create(80, 40)
        Thread { show(RED, BLUE) }.apply { start() }.join() // and the main thread does nothing
        val drawn = view.surface.shown
        for (x in listOf(21, 40, 58)) assertEquals(BLUE, drawn.getPixel(x, 20))
        for (x in listOf(0, 18, 62, 79)) assertNotEquals(BLUE, drawn.getPixel(x, 20))
    }

    @Test
    fun `its colours have eight bits each`() = assertEquals(PixelFormat.RGBX_8888, view.surface.fakeSurfaceHolder.requestedFormat)

    @Test
    fun `split, the left part is the frame before, up to the border`() {
        view.surface.create(80, 40)
        show(RED, BLUE)
        view.split = 0.75f
        assertEquals(listOf(RED, RED, BLUE), listOf(22, 46, 54).map { view.surface.shown.getPixel(it, 20) })
    }

    @Test
    fun `without a surface nothing is drawn, and a new one shows the newest frame`() {
        show(RED, BLUE)
        view.surface.create(40, 40)
        assertEquals(BLUE, view.surface.shown.getPixel(20, 20))
        view.surface.destroy() // what draws now fails
        show(BLUE, RED)
        view.surface.create(20, 20)
        assertEquals(RED, view.surface.shown.getPixel(10, 10))
    }

    @Test
    fun `split, it is a slider to screen readers`() {
        val node = { AccessibilityNodeInfo().also(view::onInitializeAccessibilityNodeInfo) }
        assertNull(node().rangeInfo)
        assertFalse(forward())
        view.split = 0.5f
        assertEquals(SeekBar::class.java.name, node().className)
        assertEquals(0.5f, node().rangeInfo.current)
        assertTrue(forward())
        assertEquals(0.6f, view.split!!, 1e-6f)
        view.split = 1f
        assertFalse(forward())
        val actions = node().actionList
        assertFalse(AccessibilityNodeInfo.AccessibilityAction.ACTION_SCROLL_FORWARD in actions)
        assertTrue(AccessibilityNodeInfo.AccessibilityAction.ACTION_SCROLL_BACKWARD in actions)
        assertTrue(backward())
        assertEquals(0.9f, view.split!!, 1e-6f)
    }

    @Test
    fun `the border moves by arrow keys`() {
        assertFalse(view.isFocusable)
        view.split = 0.5f
        assertTrue(view.isFocusable)
        for ((key, border) in listOf(KeyEvent.KEYCODE_DPAD_LEFT to 0.4f, KeyEvent.KEYCODE_DPAD_RIGHT to 0.5f)) {
            assertTrue(view.onKeyDown(key, KeyEvent(KeyEvent.ACTION_DOWN, key)))
            assertEquals(border, view.split!!, 1e-6f)
        }
    }
}
