package org.pocketstyle.demo

import android.Manifest
import android.app.AlertDialog
import android.app.Application
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.display.DisplayManagerGlobal
import android.net.Uri
import android.os.Bundle
import android.os.Looper
import android.provider.Settings
import android.view.Display
import android.view.MotionEvent
import android.view.Surface
import android.view.View
import android.widget.Button
import android.widget.TextView
import java.io.File
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.Runtime
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowAlertDialog
import org.robolectric.shadows.ShadowDisplay
import org.robolectric.shadows.ShadowDisplayManager
import org.robolectric.shadows.ShadowToast
import org.robolectric.util.ReflectionHelpers

@RunWith(RobolectricTestRunner::class)
class MainActivityTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val cameras = application.getSystemService(CameraManager::class.java)!!

    private fun allow() = shadowOf(application as Application).grantPermissions(Manifest.permission.CAMERA)

    private fun backCamera() = addCamera(cameras, "0", CameraCharacteristics.LENS_FACING_BACK, 90)

    private val started = ArrayList<ActivityController<MainActivity>>()

    private fun controller(bundle: String? = null): ActivityController<MainActivity> {
        val intent = Intent(application, MainActivity::class.java).putExtra("bundle", bundle)
        return Robolectric.buildActivity(MainActivity::class.java, intent).also(started::add)
    }

    /** Robolectric forgets its cameras after each test, which must not meet a thread that still opens one. */
    @After
    fun leave() {
        for (controller in started.filterNot { it.get().isDestroyed }) controller.pause().stop().destroy()
        eventually("every camera is let go") { cameraThreads().isEmpty() }
    }

    private fun start(bundle: String? = null): MainActivity = controller(bundle).setup().get()

    private fun MainActivity.text(id: Int) = view<TextView>(id).text.toString()

    private fun MainActivity.noticed(text: Int) = view<View>(R.id.notice).visibility == View.VISIBLE && text(R.id.notice_text) == getString(text)

    private fun MainActivity.press(id: Int) = assertTrue(view<View>(id).performClick())

    /** Shows frames until one has been drawn. */
    private fun MainActivity.play(picture: Bitmap = astronaut()) {
        val frame = cameraFrame(picture)
        eventually("a frame is shown") {
            onImage(frame, Crop.centre(frame.width, frame.height), 0, false)
            Thread.sleep(10)
            view<FrameView>(R.id.frame).picture() != null && "frames/s" in text(R.id.rate)
        }
    }

    @Test
    fun `the permission is asked for at the start`() {
        val asked = shadowOf(start()).lastRequestedPermission
        assertEquals(listOf(Manifest.permission.CAMERA), asked.requestedPermissions.toList())
    }

    @Test
    fun `refused for good, it says what still works and leads to the settings`() {
        val activity = start()
        activity.onRequestPermissionsResult(1, arrayOf(Manifest.permission.CAMERA), intArrayOf(PackageManager.PERMISSION_DENIED))
        assertTrue(activity.noticed(R.string.no_permission))
        activity.press(R.id.notice_button)
        val started = shadowOf(activity).nextStartedActivity
        assertEquals(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, started.action)
        assertEquals(Uri.parse("package:${application.packageName}"), started.data)
    }

    @Test
    fun `refused once, a button asks again`() {
        shadowOf(application.packageManager).setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, true)
        val activity = start()
        activity.onRequestPermissionsResult(1, arrayOf(Manifest.permission.CAMERA), intArrayOf(PackageManager.PERMISSION_DENIED))
        assertEquals(activity.getString(R.string.allow), activity.view<Button>(R.id.notice_button).text)
        activity.press(R.id.notice_button)
        assertNotNull(shadowOf(activity).lastRequestedPermission)
    }

    @Test
    fun `a device without a camera leads to the gallery`() {
        allow()
        val activity = start()
        assertTrue(activity.noticed(R.string.no_camera))
        activity.press(R.id.notice_button)
        assertEquals(GalleryActivity::class.java.name, shadowOf(activity).nextStartedActivity.component!!.className)
    }

    @Test
    fun `a camera that another app takes is told, and tried again`() {
        allow()
        backCamera()
        val activity = start()
        assertFalse(activity.noticed(R.string.camera_lost))
        eventually("the loss is told") { // once it is open
            shadowOf(cameras).triggerDisconnect()
            activity.noticed(R.string.camera_lost)
        }
        activity.press(R.id.notice_button)
        assertEquals(View.GONE, activity.view<View>(R.id.notice).visibility)
    }

    @Test
    fun `the loss of a camera that was switched away from is not told`() {
        allow()
        backCamera()
        addCamera(cameras, "1", CameraCharacteristics.LENS_FACING_FRONT, 270)
        val activity = start()
        val thread = Thread.getAllStackTraces().keys.single { it.name == "camera 0" }
        val end = System.nanoTime() + 30_000_000_000
        while (thread.isAlive && System.nanoTime() < end) { // until it was open
            shadowOf(cameras).triggerDisconnect()
            thread.join(20)
        }
        activity.press(R.id.switch_camera) // before the main thread learns of the loss
        shadowOf(Looper.getMainLooper()).idle()
        assertFalse(activity.noticed(R.string.camera_lost))
        assertEquals(setOf("camera 1"), cameraThreads())
    }

    @Test
    fun `paused and resumed it lets the camera go and takes it again`() {
        allow()
        backCamera()
        val controller = controller().setup()
        repeat(3) {
            assertEquals(setOf("camera 0"), cameraThreads())
            controller.pause().stop()
            eventually("it is let go") { cameraThreads().isEmpty() }
            controller.start().resume()
        }
        assertEquals(View.GONE, controller.get().view<View>(R.id.notice).visibility)
    }

    @Test
    fun `the camera can be switched where there are two`() {
        allow()
        backCamera()
        val controller = controller().setup()
        assertFalse(controller.get().view<View>(R.id.switch_camera).isEnabled)
        controller.pause().stop().destroy()
        addCamera(cameras, "1", CameraCharacteristics.LENS_FACING_FRONT, 270)
        val activity = start()
        assertTrue(activity.view<View>(R.id.switch_camera).isEnabled)
        activity.press(R.id.switch_camera)
        eventually("the other one alone is held") { cameraThreads() == setOf("camera 1") }
        assertEquals(View.GONE, activity.view<View>(R.id.notice).visibility)
    }

    @Test
    fun `frames are stylized and shown, with their times and what runs the network`() {
        val activity = start("heads")
        activity.play()
        val shown = activity.view<FrameView>(R.id.frame).picture()!!
        assertEquals(128, shown.width)
        assertTrue(activity.text(R.id.rate), "CPU, as the GPU refused: this computer has no GPU" in activity.text(R.id.rate))
        assertTrue("frames/s" in activity.text(R.id.rate))
    }

    @Test
    fun `a GPU that takes the network is named`() {
        application.runtime = FakeRuntime(gpu = true)
        val activity = start("heads")
        eventually("it runs on the GPU") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
    }

    @Test
    fun `no memory is told`() {
        application.runtime = Runtime { _, _ -> throw OutOfMemoryError() }
        val activity = start("heads")
        val title = application.catalogue.bundles.getValue("heads").title
        eventually("it is told") { activity.text(R.id.rate) == activity.getString(R.string.no_memory, title) }
    }

    @Test
    fun `a network that fails while it plays is told`() {
        var runs = 0
        application.runtime = FakeRuntime(pause = { if (++runs > 4) throw IllegalStateException("the driver is gone") })
        val activity = start("heads")
        eventually("it is loaded") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
        val frame = cameraFrame(astronaut())
        eventually("it is told") {
            activity.onImage(frame, Crop.centre(frame.width, frame.height), 0, false)
            "the driver is gone" in activity.text(R.id.rate)
        }
    }

    @Test
    fun `on a slow phone the lighter variant takes over by itself`() {
        val clock = HeatingClock(application.catalogue.buffer("artnet").limit())
        application.clock = clock
        application.runtime = clock.runtime
        val activity = start("artnet")
        activity.play()
        assertEquals(application.catalogue.bundles.getValue("artnet").size, activity.view<FrameView>(R.id.frame).picture()!!.width)
        clock.hot = true
        val said = activity.getString(R.string.lighter, application.catalogue.bundles.getValue("artnet-256").title)
        val frame = cameraFrame(astronaut())
        eventually("a frame of the lighter one is shown") {
            activity.onImage(frame, Crop.centre(frame.width, frame.height), 0, false)
            said in activity.text(R.id.rate) && activity.view<FrameView>(R.id.frame).picture()!!.width == 256
        }
    }

    @Test
    fun `a bundle that draws after a picture offers style pictures`() {
        application.runtime = FakeRuntime()
        val activity = start("photonas")
        assertEquals(View.VISIBLE, activity.view<View>(R.id.style_picture).visibility)
        activity.press(R.id.style_picture)
        val dialog = shadowOf(ShadowAlertDialog.getLatestAlertDialog())
        assertEquals(activity.getString(R.string.own_picture), dialog.items.last())
        dialog.clickOnItem(dialog.items.lastIndex)
        assertEquals(Intent.ACTION_OPEN_DOCUMENT, shadowOf(activity).nextStartedActivityForResult.intent.action)
        assertEquals(View.GONE, start("heads").view<View>(R.id.style_picture).visibility)
    }

    @Test
    fun `a style picture that is gone is told, and the next one is of the app`() {
        application.runtime = FakeRuntime()
        val state = Bundle().apply { putString("bundle", "photonas"); putString("style", "content://gone/1") }
        val controller = controller().create(state).start().resume().visible()
        val activity = controller.get()
        eventually("it is told") { ShadowToast.getTextOfLatestToast() != null }
        assertTrue("cannot be read" in ShadowToast.getTextOfLatestToast())
        val kept = Bundle()
        eventually("another one is taken") { controller.saveInstanceState(kept); kept.getString("style") == styleNames(activity)[0] }
        eventually("it plays") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
    }

    @Test
    fun `every style can be chosen, lighter variants apart`() {
        application.runtime = FakeRuntime()
        val activity = start()
        activity.press(R.id.styles)
        val dialog = shadowOf(ShadowAlertDialog.getLatestAlertDialog())
        assertEquals(application.catalogue.choices.size, dialog.items.size)
        val place = application.catalogue.choices.indexOf("adventurer")
        dialog.clickOnItem(place)
        assertTrue(dialog.items[place].toString() in activity.view<FrameView>(R.id.frame).contentDescription)
    }

    @Test
    fun `a style's card names its makers and its licence`() {
        application.runtime = FakeRuntime()
        val activity = start("toonhead")
        activity.press(R.id.about)
        val text = shadowOf(ShadowAlertDialog.getLatestAlertDialog()).message.toString()
        for (part in listOf("Johan Melin", "CC BY 4.0", "Apache-2.0", "fp16", "s10")) assertTrue(part, part in text)
    }

    @Test
    fun `split, the left part is the frame as it was, and the border can be dragged`() {
        application.runtime = FakeRuntime()
        val activity = start("heads")
        activity.press(R.id.split)
        activity.play(Bitmap.createBitmap(64, 64, Bitmap.Config.ARGB_8888).apply { eraseColor(0xff404040.toInt()) })
        val frame = activity.view<FrameView>(R.id.frame)
        assertTrue("Before on the left" in frame.contentDescription)
        assertEquals(0.5f, frame.split)
        var drawn = draw(activity, "split_test")
        val (x, y) = listOf(0, 1).let { IntArray(2).also(frame::getLocationInWindow).toList() }
        val middle = y + frame.height / 2
        assertEquals(0x40, drawn.getPixel(x + frame.width / 4, middle) and 255, 2)
        assertEquals(0x60, drawn.getPixel(x + frame.width * 3 / 4, middle) and 255, 2)
        frame.dispatchTouchEvent(MotionEvent.obtain(0, 0, MotionEvent.ACTION_DOWN, frame.width * 0.9f, 300f, 0))
        assertEquals(0.9f, frame.split!!, 0.01f)
        drawn = draw(activity, "split_test")
        assertEquals(0x40, drawn.getPixel(x + frame.width * 3 / 4, middle) and 255, 2)
        activity.press(R.id.split)
        assertNull(frame.split)
    }

    private fun assertEquals(wanted: Int, found: Int, tolerance: Int) = assertTrue("$found", found in wanted - tolerance..wanted + tolerance)

    @Test
    fun `turned, or killed in the background, it comes back as it was`() {
        application.runtime = FakeRuntime()
        allow()
        backCamera()
        addCamera(cameras, "1", CameraCharacteristics.LENS_FACING_FRONT, 270)
        val controller = controller("adventurer").setup()
        controller.get().press(R.id.split)
        controller.get().press(R.id.switch_camera)
        val state = Bundle()
        controller.saveInstanceState(state).pause().stop().destroy()
        val again = controller().create(state).start().restoreInstanceState(state).resume().visible()
        val frame = again.get().view<FrameView>(R.id.frame)
        assertEquals(0.5f, frame.split)
        assertTrue("adventurer" in frame.contentDescription)
        val kept = Bundle().also(again::saveInstanceState)
        assertEquals(1, kept.getInt("camera"))
    }

    @Test
    fun `left for good, it holds neither networks nor the display's changes`() {
        val runtime = FakeRuntime()
        application.runtime = runtime
        val listeners = { ReflectionHelpers.getField<List<Any>>(DisplayManagerGlobal.getInstance(), "mDisplayListeners").size }
        val listening = listeners()
        val controller = controller("artnet").setup()
        controller.get().play()
        assertTrue(listeners() > listening)
        assertEquals(2, runtime.open.get()) // the bundle, and its lighter variant
        controller.pause().stop().destroy()
        assertEquals(listening, listeners())
        eventually("every network is closed") { runtime.open.get() == 0 }
    }

    @Test
    fun `a bundle of one's own is called by its file's name and no lighter variant`() {
        application.runtime = FakeRuntime()
        File("../../sdk/models/toonhead.tflite").copyTo(File(application.getExternalFilesDir("bundles")!!, "mine.tflite"))
        val activity = start("mine")
        eventually("it is loaded") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
    }

    @Test
    fun `what comes of a style that was left is not told`() {
        application.runtime = FakeRuntime()
        val activity = start("heads")
        eventually("it is loaded") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
        activity.onLoaded("toonhead", application.catalogue.bundles.getValue("toonhead"), Accelerator.CPU, "late")
        activity.onFailed("toonhead", IllegalStateException("late"))
        shadowOf(Looper.getMainLooper()).idle()
        assertEquals(activity.getString(R.string.on_gpu), activity.text(R.id.rate))
    }

    @Test
    fun `without the permission no camera is switched to`() {
        backCamera()
        addCamera(cameras, "1", CameraCharacteristics.LENS_FACING_FRONT, 270)
        assertFalse(start().view<View>(R.id.switch_camera).isEnabled)
        assertTrue(cameraThreads().isEmpty())
    }

    @Test
    fun `a style picture whose app fails is told, and the next one is of this app`() {
        application.runtime = FakeRuntime()
        val uri = Uri.parse("content://failing/1")
        shadowOf(application.contentResolver).registerInputStreamSupplier(uri) { throw IllegalStateException("its provider failed") }
        val state = Bundle().apply { putString("bundle", "photonas"); putString("style", "$uri") }
        val activity = controller().create(state).start().resume().visible().get()
        eventually("it is told") { "its provider failed" in ShadowToast.getTextOfLatestToast().orEmpty() }
        eventually("another one plays") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
    }

    @Test
    fun `an intent chooses the bundle, also while it plays`() {
        application.runtime = FakeRuntime()
        val controller = controller("heads").setup()
        val frame = controller.get().view<FrameView>(R.id.frame)
        assertTrue("heads" in frame.contentDescription)
        controller.newIntent(Intent().putExtra("bundle", "toonhead"))
        assertTrue("toonhead" in frame.contentDescription)
        controller.newIntent(Intent().putExtra("bundle", "unknown"))
        assertTrue("toonhead" in frame.contentDescription)
    }

    @Test
    fun `a picture is saved to the gallery, and can be shared`() {
        application.runtime = FakeRuntime()
        val activity = start("heads")
        assertFalse(activity.view<View>(R.id.share).isEnabled)
        activity.play()
        activity.press(R.id.take)
        eventually("it is saved") { activity.view<View>(R.id.share).isEnabled }
        activity.press(R.id.share)
        assertEquals(Intent.ACTION_CHOOSER, shadowOf(activity).nextStartedActivity.action)
    }

    @Test
    fun `what the storage is asked for is done when it is granted, and a refusal is told`() {
        application.runtime = FakeRuntime()
        val activity = start("heads")
        activity.play()
        val permission = arrayOf(Manifest.permission.WRITE_EXTERNAL_STORAGE)
        for (code in listOf(3, 4)) { // a picture, a recording
            ShadowToast.reset()
            activity.onRequestPermissionsResult(code, permission, intArrayOf(PackageManager.PERMISSION_DENIED))
            assertEquals(activity.getString(R.string.no_storage), ShadowToast.getTextOfLatestToast())
        }
        val recording = { activity.view<View>(R.id.record).contentDescription == activity.getString(R.string.stop) }
        activity.onRequestPermissionsResult(3, permission, intArrayOf(PackageManager.PERMISSION_GRANTED))
        assertFalse(recording())
        eventually("a picture is saved") { activity.view<View>(R.id.share).isEnabled }
        activity.onRequestPermissionsResult(4, permission, intArrayOf(PackageManager.PERMISSION_GRANTED))
        assertTrue(recording())
    }

    @Test
    @Config(shadows = [RawCodec::class, NotedMuxer::class])
    fun `what is shown is recorded, saved and shared, and leaves no file of its own`() {
        application.runtime = FakeRuntime()
        RawCodec.prepare(128, 128)
        val activity = start("heads")
        activity.play()
        activity.press(R.id.record)
        val frame = cameraFrame(astronaut())
        eventually("frames are written") {
            activity.onImage(frame, Crop.centre(frame.width, frame.height), 0, false)
            NotedMuxer.written.size > 5
        }
        activity.press(R.id.record)
        eventually("it is saved") { activity.view<View>(R.id.share).isEnabled }
        activity.press(R.id.share)
        val sent = shadowOf(activity).nextStartedActivity.getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java)!!
        assertEquals("video/mp4", sent.type)
        assertEquals(0, application.cacheDir.list()!!.size)
        val times = NotedMuxer.written.map { it.second.timeUs }
        assertEquals(times.sorted().distinct(), times)
    }

    @Test
    @Config(shadows = [RawCodec::class, NotedMuxer::class])
    fun `a recording ends where the app is left, or another style chosen`() {
        application.runtime = FakeRuntime()
        RawCodec.prepare(128, 128)
        val controller = controller("heads").setup()
        val activity = controller.get()
        val recording = { activity.view<View>(R.id.record).contentDescription == activity.getString(R.string.stop) }
        val leaves = listOf({ controller.pause() }, { controller.newIntent(Intent().putExtra("bundle", "toonhead")) })
        for (leave in leaves) {
            activity.play()
            activity.press(R.id.record)
            assertTrue(recording())
            leave()
            assertFalse(recording())
            controller.resume()
        }
    }

    @Test
    fun `a processor without TFLite is told`() {
        application.runtime = Runtime { _, _ -> throw UnsatisfiedLinkError("no such library") }
        val activity = start("heads")
        eventually("it is told") { "no such library" in activity.text(R.id.rate) }
    }

    @Test
    fun `a recording without a frame is not saved, and leaves no file`() {
        application.runtime = FakeRuntime()
        val activity = start("heads")
        eventually("it is loaded") { activity.text(R.id.rate) == activity.getString(R.string.on_gpu) }
        activity.press(R.id.record)
        assertEquals(1, application.cacheDir.list()!!.size)
        activity.press(R.id.record)
        val told = activity.getString(R.string.not_saved, activity.getString(R.string.no_frames))
        eventually("it is told") { ShadowToast.getTextOfLatestToast() == told }
        assertEquals(0, application.cacheDir.list()!!.size)
    }

    @Test
    fun `the licences are reached from a style's card`() {
        application.runtime = FakeRuntime()
        val activity = start("toonhead")
        activity.press(R.id.about)
        ShadowAlertDialog.getLatestAlertDialog().getButton(AlertDialog.BUTTON_NEUTRAL).performClick()
        shadowOf(Looper.getMainLooper()).idle()
        val text = shadowOf(ShadowAlertDialog.getLatestAlertDialog()).message.toString()
        for (name in listOf("NOTICE", "LICENSE")) assertTrue(name, File("../../$name").readText() in text)
    }

    @Test
    fun `the camera's and the display's rotation turn frames, mirrored or not`() {
        application.runtime = FakeRuntime()
        val corners = mapOf(Surface.ROTATION_0 to listOf(96 to 32, 32 to 32), Surface.ROTATION_90 to listOf(32 to 32, 32 to 96))
        for ((rotation, places) in corners) {
            shadowOf(ShadowDisplay.getDefaultDisplay()).setRotation(rotation)
            val activity = start("heads")
            for ((mirror, place) in listOf(false, true).zip(places)) activity.turns(mirror, place)
        }
    }

    @Test
    fun `a phone that is turned over while it shows`() {
        application.runtime = FakeRuntime()
        shadowOf(ShadowDisplay.getDefaultDisplay()).setRotation(Surface.ROTATION_90)
        val activity = start("heads")
        activity.turns(false, 32 to 32)
        shadowOf(ShadowDisplay.getDefaultDisplay()).setRotation(Surface.ROTATION_270)
        ShadowDisplayManager.changeDisplay(Display.DEFAULT_DISPLAY, "") // its listeners are told
        shadowOf(Looper.getMainLooper()).idle()
        shadowOf(ShadowDisplay.getDefaultDisplay()).setRotation(Surface.ROTATION_270)
        activity.turns(false, 96 to 96)
    }

    private fun MainActivity.turns(mirror: Boolean, place: Pair<Int, Int>) {
        // a quarter of the sensor's picture is white, the top left one; held upright it is at the top right
        val picture = Bitmap.createBitmap(64, 64, Bitmap.Config.ARGB_8888)
        for (row in 0 until 32) for (column in 0 until 32) picture.setPixel(column, row, -1)
        val frame = cameraFrame(picture)
        eventually("the white quarter, and no other, is at $place") {
            onImage(frame, Crop.centre(64, 64), 90, mirror)
            Thread.sleep(10)
            val shown = view<FrameView>(R.id.frame).picture()
            val quarters = listOf(32, 96).flatMap { y -> listOf(32 to y, 96 to y) }
            shown != null && quarters.filter { (x, y) -> shown.getPixel(x, y) and 255 == 255 } == listOf(place)
        }
    }
}
