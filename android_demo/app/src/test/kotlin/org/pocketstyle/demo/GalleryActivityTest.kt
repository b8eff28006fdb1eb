package org.pocketstyle.demo

import android.app.Activity
import android.app.Application
import android.content.Intent
import android.graphics.Bitmap
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.widget.TextView
import java.io.ByteArrayInputStream
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowToast

@RunWith(RobolectricTestRunner::class)
class GalleryActivityTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val uri = Uri.parse("content://gallery/1")

    private fun put(bytes: ByteArray) =
        shadowOf(application.contentResolver).registerInputStreamSupplier(uri) { ByteArrayInputStream(bytes) }

    private fun start(bundle: String): GalleryActivity {
        val intent = Intent(application, GalleryActivity::class.java).putExtra("bundle", bundle).putExtra(Intent.EXTRA_STREAM, uri)
        return Robolectric.buildActivity(GalleryActivity::class.java, intent).setup().get()
    }

    private fun GalleryActivity.told() = view<TextView>(R.id.notice_text).text.toString()

    private fun GalleryActivity.result(): Bitmap {
        eventually("a picture is ready") { view<View>(R.id.save).isEnabled }
        return view<FrameView>(R.id.frame).picture()!!
    }

    @Test
    fun `a portrait is cut to a square and stylized`() {
        put(File("../../demo/astronaut.jpg").readBytes())
        val made = start("heads").result()
        assertEquals(128, made.width)
        assertEquals(128, made.height)
    }

    @Test
    fun `a photo keeps its size, and so does a painting`() {
        application.runtime = FakeRuntime()
        put(File("../../demo/astronaut.jpg").readBytes())
        for (bundle in listOf("photonas", "artnet-256")) {
            val made = start(bundle).result()
            assertEquals(astronaut().width, made.width)
            assertEquals(astronaut().height, made.height)
        }
    }

    @Test
    fun `what is no picture is told`() {
        put("no picture".toByteArray())
        val activity = start("heads")
        eventually("it is told") { "cannot be read" in activity.told() }
        assertFalse(activity.view<View>(R.id.save).isEnabled)
    }

    @Test
    fun `a picture that is gone is told`() {
        val activity = start("heads")
        eventually("it is told") { "cannot be read" in activity.told() }
    }

    @Test
    fun `a result is saved, then shared`() {
        application.runtime = FakeRuntime()
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("heads")
        activity.result()
        activity.view<View>(R.id.save).performClick()
        eventually("it is saved") { activity.told() == activity.getString(R.string.saved) }
        activity.view<View>(R.id.share).performClick()
        assertEquals(Intent.ACTION_CHOOSER, shadowOf(activity).nextStartedActivity.action)
    }

    @Test
    fun `a document is asked for, and what was chosen outlives the app`() {
        application.runtime = FakeRuntime()
        put(File("../../demo/astronaut.jpg").readBytes())
        val controller = Robolectric.buildActivity(GalleryActivity::class.java).setup()
        controller.get().view<View>(R.id.choose).performClick()
        val asked = shadowOf(controller.get()).nextStartedActivityForResult
        assertEquals(Intent.ACTION_OPEN_DOCUMENT, asked.intent.action)
        shadowOf(controller.get()).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        controller.get().result()
        val state = Bundle()
        controller.saveInstanceState(state).pause().stop().destroy()
        val again = Robolectric.buildActivity(GalleryActivity::class.java).create(state).start().resume().visible().get()
        again.result()
    }

    @Test
    fun `an unknown bundle gives way to one that is there`() {
        application.runtime = FakeRuntime()
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("unknown")
        activity.result()
        val first = application.catalogue.choices.first()
        assertEquals(application.catalogue.bundles.getValue(first).title, activity.told())
    }

    @Test
    fun `a phone without a picker of documents says so`() {
        val activity = start("heads")
        shadowOf(application as Application).checkActivities(true)
        activity.view<View>(R.id.choose).performClick()
        assertEquals(activity.getString(R.string.no_documents), ShadowToast.getTextOfLatestToast())
    }

    @Test
    fun `no memory is told`() {
        application.runtime = org.pocketstyle.stylizer.Runtime { _, _ -> throw OutOfMemoryError() }
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("heads")
        eventually("it is told") { activity.told() == activity.getString(R.string.no_memory, "heads") }
    }
}
