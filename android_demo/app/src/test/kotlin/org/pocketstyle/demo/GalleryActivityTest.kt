package org.pocketstyle.demo

import android.app.Activity
import android.app.Application
import android.content.ContentProvider
import android.content.ContentValues
import android.content.Intent
import android.graphics.Bitmap
import android.media.MediaFormat
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
import org.pocketstyle.stylizer.AcceleratorRefused
import org.pocketstyle.stylizer.Runtime
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowToast

/** A gallery whose documents are videos. */
class Videos : ContentProvider() {
    override fun onCreate() = true

    override fun getType(uri: Uri) = "video/mp4"

    override fun query(uri: Uri, columns: Array<String>?, where: String?, values: Array<String>?, order: String?) = null

    override fun insert(uri: Uri, values: ContentValues?) = null

    override fun delete(uri: Uri, where: String?, values: Array<String>?) = 0

    override fun update(uri: Uri, new: ContentValues?, where: String?, values: Array<String>?) = 0
}

@RunWith(RobolectricTestRunner::class)
class GalleryActivityTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val uri = Uri.parse("content://gallery/1")

    private var runs = 0

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
    fun `a picture that another app does not let be read is told`() {
        shadowOf(application.contentResolver).registerInputStreamSupplier(uri) { throw SecurityException("not yours") }
        val activity = start("heads")
        eventually("it is told") { "cannot be read" in activity.told() && "not yours" in activity.told() }
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
        val first = application.catalogue.bundles.getValue(application.catalogue.choices.first())
        assertEquals(activity.getString(R.string.no_face, first.title), activity.told()) // nothing finds faces here
    }

    @Test
    fun `a phone without a picker of documents says so`() {
        val activity = start("heads")
        shadowOf(application as Application).checkActivities(true)
        activity.view<View>(R.id.choose).performClick()
        assertEquals(activity.getString(R.string.no_documents), ShadowToast.getTextOfLatestToast())
    }

    @Test
    @Config(shadows = [RawExtractor::class, RawCodec::class, NotedMuxer::class])
    fun `a video is stylized, saved and shared, and leaves no file of its own`() {
        application.runtime = FakeRuntime()
        RawCodec.prepare(160, 128)
        Robolectric.buildContentProvider(Videos::class.java).create("gallery")
        val format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, 160, 120)
        RawExtractor.tracks =
            listOf(
                Track(format, List(3) { Sample(40_000L * it, plain(160, 120, 90)) }),
                Track(MediaFormat.createAudioFormat(MediaFormat.MIMETYPE_AUDIO_OPUS, 48_000, 2), emptyList()),
            )
        val activity = start("heads")
        assertEquals(128, activity.result().width)
        assertEquals(activity.getString(R.string.silent, application.catalogue.bundles.getValue("heads").title), activity.told())
        activity.view<View>(R.id.save).performClick()
        eventually("it is saved") { activity.told() == activity.getString(R.string.saved) }
        activity.view<View>(R.id.share).performClick()
        val sent = shadowOf(activity).nextStartedActivity.getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java)!!
        assertEquals("video/mp4", sent.type)
        eventually("it is deleted here") { application.cacheDir.list()!!.isEmpty() }
    }

    @Test
    @Config(shadows = [RawExtractor::class, RawCodec::class, NotedMuxer::class])
    fun `a video that fails leaves no progress behind`() {
        application.runtime = FakeRuntime(pause = { if (++runs > 3) throw IllegalStateException("the driver is gone") })
        RawCodec.prepare(160, 128)
        Robolectric.buildContentProvider(Videos::class.java).create("gallery")
        val format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, 160, 120)
        RawExtractor.tracks = listOf(Track(format, List(9) { Sample(40_000L * it, plain(160, 120, 90)) }))
        val activity = start("heads")
        eventually("it is told") { "the driver is gone" in activity.told() }
        eventually("its progress is gone") { activity.view<View>(R.id.progress).visibility != View.VISIBLE }
        assertEquals(0, application.cacheDir.list()!!.size)
    }

    @Test
    fun `a GPU that refuses only at the picture is told`() {
        application.runtime = FakeRuntime(pause = { if (++runs > 1) throw AcceleratorRefused("the driver is gone") })
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("heads")
        eventually("it is told") { "the driver is gone" in activity.told() }
    }

    @Test
    fun `a processor without TFLite is told`() {
        application.runtime = Runtime { _, _ -> throw UnsatisfiedLinkError("no such library") }
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("heads")
        eventually("it is told") { "no such library" in activity.told() }
    }

    @Test
    fun `no memory is told`() {
        application.runtime = Runtime { _, _ -> throw OutOfMemoryError() }
        put(File("../../demo/astronaut.jpg").readBytes())
        val activity = start("heads")
        eventually("it is told") { activity.told() == activity.getString(R.string.no_memory, "heads") }
    }
}
