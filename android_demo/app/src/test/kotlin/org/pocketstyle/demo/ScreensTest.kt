package org.pocketstyle.demo

import android.content.Intent
import android.view.View
import android.widget.TextView
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Crop
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** Draws the screens that docs/android.md shows, with the shipped networks' own output. */
@RunWith(RobolectricTestRunner::class)
@Config(qualifiers = "w360dp-h640dp-xhdpi")
class ScreensTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication

    private fun camera(split: Boolean): MainActivity {
        val intent = Intent(application, MainActivity::class.java).putExtra("bundle", "toonhead")
        val activity = Robolectric.buildActivity(MainActivity::class.java, intent).setup().get()
        val picture = astronaut().let { cut(it, Crop.centre(it.width, it.height)) }
        val frame = cameraFrame(picture)
        layOut(activity)
        if (split) activity.view<View>(R.id.split).performClick()
        val end = System.nanoTime() + 2_000_000_000
        eventually("frames flow") { // for a while, so that their rate is one
            activity.onImage(frame, Crop.aroundEyes(154.5f, 98.5f, 41f, frame.width, frame.height), 0, false)
            Thread.sleep(20)
            System.nanoTime() > end && "frames/s" in activity.view<TextView>(R.id.rate).text
        }
        return activity
    }

    private fun colours(pixels: android.graphics.Bitmap): Int =
        IntArray(pixels.width * pixels.height).also { pixels.getPixels(it, 0, pixels.width, 0, 0, pixels.width, pixels.height) }.toSet().size

    @Test
    fun `the camera's screen`() = assertTrue(colours(draw(camera(split = false), "camera")) > 1000)

    @Test
    fun `before and after`() = assertTrue(colours(draw(camera(split = true), "split")) > 1000)

    @Test
    @Config(qualifiers = "+night")
    fun `the benchmark's screen`() {
        val intent = Intent(application, BenchmarkActivity::class.java).putExtra("run", true).putExtra("on", "CPU")
        val controller = Robolectric.buildActivity(BenchmarkActivity::class.java, intent).setup()
        val activity = controller.get()
        eventually("some are done") { "heads, CPU" in activity.view<TextView>(R.id.results).text }
        assertTrue(colours(draw(activity, "benchmark")) > 10)
        controller.pause().stop().destroy() // else it writes its tables while other tests run
    }

    @Test
    @Config(fontScale = 2f)
    fun `the camera's screen in large letters`() {
        val activity = camera(split = false)
        draw(activity, "large")
        val frame = activity.view<View>(R.id.frame)
        assertTrue("${frame.height}", frame.height > 400) // the controls leave it room
    }
}
