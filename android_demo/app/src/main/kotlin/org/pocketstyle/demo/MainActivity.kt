package org.pocketstyle.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraManager
import android.hardware.display.DisplayManager
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.view.Surface
import android.view.View
import android.view.WindowManager
import android.widget.Button
import android.widget.ImageButton
import android.widget.TextView
import android.widget.Toast
import java.util.concurrent.Executors
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.BundleFormatException
import org.pocketstyle.stylizer.BundleInfo
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.YuvFrame

private const val ASK_CAMERA = 1
private const val ASK_STYLE = 2
private const val ASK_TAKE = 3
private const val ASK_RECORD = 4
private const val FIRST = "comic" // the style at first, if it is there
private const val SMOOTHING = 0.9 // of the frame rate that is told
private const val TOLD_NANOS = 250_000_000L // from one telling of it to the next

/**
 * The camera, stylized live.
 *
 * The camera is held from `onResume` to `onPause`. By intent, `--es bundle NAME` chooses the style.
 */
class MainActivity : Activity(), PlayerListener, FeedListener {
    private val catalogue
        get() = (application as DemoApplication).catalogue

    private val worker = Executors.newSingleThreadExecutor() // pictures are read and saved here
    private lateinit var player: Player
    private lateinit var frameView: FrameView
    private lateinit var rate: TextView
    private lateinit var notice: View
    private lateinit var noticeText: TextView
    private lateinit var noticeButton: Button

    private var bundle = ""
    private var style = "" // name or address of the style picture
    private var cameraNumber = 0
    private var feed: CameraFeed? = null
    private var saved: Uri? = null
    private var savedType = ""
    @Volatile private var loaded: BundleInfo? = null
    @Volatile private var runsOn = ""

    @Volatile private var displayRotation = 0
    @Volatile private var portraits = true // whether the bundle draws faces, which are cut out for it
    private val displays by lazy { getSystemService(DisplayManager::class.java)!! }
    private val turns =
        object : DisplayManager.DisplayListener { // from one side to the other: nothing is made anew
            override fun onDisplayChanged(display: Int) = readRotation()

            override fun onDisplayAdded(display: Int) = Unit

            override fun onDisplayRemoved(display: Int) = Unit
        }

    // of the thread that shows
    @Volatile private var lastShown = 0L
    private var framesPerSecond = 0.0
    private var lastTold = 0L
    @Volatile private var recording: Recording? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.main)
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        frameView = view(R.id.frame)
        rate = view(R.id.rate)
        notice = view(R.id.notice)
        noticeText = view(R.id.notice_text)
        noticeButton = view(R.id.notice_button)
        onClick(R.id.styles) { chooseBundle(this, catalogue, ::open) }
        onClick(R.id.style_picture) { chooseStylePicture(this, ::drawAfter) { askForDocument(this, ASK_STYLE, "image/*") } }
        onClick(R.id.about) { showCard(this, catalogue.bundles.getValue(bundle)) }
        onClick(R.id.benchmark) { startActivity(Intent(this, BenchmarkActivity::class.java)) }
        onClick(R.id.gallery) {
            startActivity(Intent(this, GalleryActivity::class.java).putExtra("bundle", bundle).putExtra("style", style))
        }
        onClick(R.id.split) { frameView.toggleSplit(); describe() }
        onClick(R.id.switch_camera) { switchCamera() }
        onClick(R.id.take) { take() }
        onClick(R.id.record) { if (recording == null) record() else stopRecording() }
        onClick(R.id.share) { saved?.let { share(this, listOf(it), savedType) } }

        val demo = application as DemoApplication
        player = Player(demo.catalogue, demo.runtime, this, demo.clock)
        if (catalogue.choices.isEmpty()) {
            toast(getString(R.string.no_styles))
            return finish()
        }
        style = state?.getString("style") ?: styleNames(this).first()
        cameraNumber = state?.getInt("camera") ?: 0
        if (state?.containsKey("split") == true) frameView.split = state.getFloat("split")
        saved = state?.getString("saved")?.let(Uri::parse)
        savedType = state?.getString("saved_type").orEmpty()
        enable(R.id.share, saved != null)
        enable(R.id.switch_camera, false)
        val wanted = state?.getString("bundle") ?: intent.getStringExtra("bundle") ?: FIRST
        open(if (wanted in catalogue.bundles) wanted else catalogue.choices.first())
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        intent.getStringExtra("bundle")?.takeIf { it in catalogue.bundles }?.let(::open)
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putString("bundle", bundle)
        state.putString("style", style)
        state.putInt("camera", cameraNumber)
        frameView.split?.let { state.putFloat("split", it) }
        saved?.let { state.putString("saved", it.toString()) }
        state.putString("saved_type", savedType)
    }

    override fun onResume() {
        super.onResume()
        readRotation()
        displays.registerDisplayListener(turns, null)
        lastShown = 0
        if (mayFilm()) {
            openCamera()
        } else if (notice.visibility != View.VISIBLE) {
            requestPermissions(arrayOf(Manifest.permission.CAMERA), ASK_CAMERA)
        }
    }

    private fun mayFilm() = checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    private fun readRotation() {
        displayRotation =
            when (@Suppress("DEPRECATION") windowManager.defaultDisplay.rotation) {
                Surface.ROTATION_90 -> 90
                Surface.ROTATION_180 -> 180
                Surface.ROTATION_270 -> 270
                else -> 0
            }
    }

    override fun onPause() {
        super.onPause()
        displays.unregisterDisplayListener(turns)
        stopRecording()
        feed?.close()
        feed = null
    }

    override fun onDestroy() {
        super.onDestroy()
        player.close()
        worker.shutdown()
    }

    override fun onRequestPermissionsResult(code: Int, permissions: Array<String>, results: IntArray) {
        val granted = results.firstOrNull() == PackageManager.PERMISSION_GRANTED
        when {
            code == ASK_CAMERA -> if (!granted) tellRefused() // else onResume follows and opens the camera
            !granted -> toast(getString(R.string.no_storage))
            code == ASK_TAKE -> take()
            code == ASK_RECORD -> record()
        }
    }

    private fun tellRefused() {
        if (shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            tell(R.string.no_permission, R.string.allow) {
                requestPermissions(arrayOf(Manifest.permission.CAMERA), ASK_CAMERA)
            }
        } else {
            tell(R.string.no_permission, R.string.settings) {
                val settings = Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS)
                startActivity(settings.setData(Uri.fromParts("package", packageName, null)))
            }
        }
    }

    override fun onActivityResult(code: Int, result: Int, data: Intent?) {
        val uri = data?.data ?: return
        keepReadable(this, uri)
        if (code == ASK_STYLE) drawAfter(uri.toString())
    }

    private fun open(name: String) {
        stopRecording()
        bundle = name
        loaded = null
        val info = catalogue.bundles.getValue(name)
        rate.text = getString(R.string.loading, info.title)
        view<View>(R.id.style_picture).visibility = if (info.takesStyle) View.VISIBLE else View.GONE
        describe()
        portraits = !info.takesStyle
        if (feed != null && feed?.side != frameSide()) openCamera() // else it is closed, or good enough
        if (!info.takesStyle) return player.open(name, null)
        worker.execute {
            try {
                val picture = readStyle(this, style)
                runOnUiThread { if (bundle == name && !isDestroyed) player.open(name, picture) }
            } catch (error: Exception) { // the picture of last time is gone, or its app fails
                replaceStyle(name, error)
            } catch (error: OutOfMemoryError) {
                replaceStyle(name, error)
            }
        }
    }

    private fun replaceStyle(name: String, error: Throwable) = runOnUiThread {
        if (bundle == name && !isDestroyed) {
            toast(getString(R.string.cannot_read, error.message))
            drawAfter(styleNames(this).first())
        }
    }

    private fun drawAfter(picture: String) {
        style = picture
        open(bundle)
    }

    private fun describe() = frameView.describe(R.string.frame_description, catalogue.bundles.getValue(bundle).title)

    /** Of a frame, at least: a face's crop is about half of it. */
    private fun frameSide(): Int = catalogue.bundles.getValue(bundle).size * if (portraits) 2 else 1

    private fun openCamera() {
        notice.visibility = View.GONE
        feed?.close()
        feed = null
        val ids = cameras(getSystemService(CameraManager::class.java)!!)
        enable(R.id.switch_camera, ids.size > 1)
        if (ids.isEmpty()) return tell(R.string.no_camera, R.string.gallery) { view<View>(R.id.gallery).performClick() }
        try {
            feed = CameraFeed(this, ids[cameraNumber % ids.size], frameSide(), this)
        } catch (error: CameraAccessException) {
            tellLost()
        } catch (error: IllegalArgumentException) { // unplugged meanwhile
            tellLost()
        }
    }

    private fun switchCamera() {
        cameraNumber++
        openCamera()
    }

    private fun tellLost() = tell(R.string.camera_lost, R.string.try_again, ::openCamera)

    private fun tell(text: Int, button: Int, action: () -> Unit) {
        notice.visibility = View.VISIBLE
        noticeText.setText(text)
        noticeButton.setText(button)
        noticeButton.setOnClickListener {
            notice.visibility = View.GONE
            action()
        }
    }

    // The camera's thread.

    override fun onImage(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) {
        val turned = if (mirror) rotation + displayRotation else rotation - displayRotation + 360
        val shown = if (portraits) crop else Crop.centre(frame.width, frame.height)
        player.offer(frame, shown, turned % 360, mirror)
    }

    override fun onLost(feed: CameraFeed) = runOnUiThread {
        if (this.feed === feed) { // else another one took its place, or none is wanted
            this.feed = null
            tellLost()
        }
    }

    // The player's threads.

    override fun onLoaded(name: String, info: BundleInfo, accelerator: Accelerator, refusal: String?) = runOnUiThread {
        if (name !in catalogue.variants(bundle)) return@runOnUiThread // another style was chosen meanwhile
        loaded = info
        runsOn =
            when {
                accelerator == Accelerator.GPU -> getString(R.string.on_gpu)
                refusal == null -> getString(R.string.on_cpu)
                else -> getString(R.string.cpu_because, refusal)
            }
        if (name != bundle) runsOn += "\n" + getString(R.string.lighter, info.title)
        rate.text = runsOn
    }

    override fun onFailed(name: String, error: Throwable) = runOnUiThread {
        if (name !in catalogue.variants(bundle)) return@runOnUiThread
        val title = catalogue.bundles.getValue(name).title
        rate.text =
            if (error is OutOfMemoryError) getString(R.string.no_memory, title)
            else getString(R.string.failed, title, (error as? BundleFormatException)?.message ?: error.toString())
    }

    override fun onFrame(shown: Shown) {
        val began = System.nanoTime()
        val size = shown.info.size
        frameView.show(shown.before, shown.after, size, size)
        recording?.let { write(it, shown) }
        val now = System.nanoTime()
        if (lastShown != 0L) {
            val newest = 1e9 / (now - lastShown)
            framesPerSecond = if (framesPerSecond == 0.0) newest else SMOOTHING * framesPerSecond + (1 - SMOOTHING) * newest
        }
        lastShown = now
        if (now - lastTold < TOLD_NANOS) return
        lastTold = now
        val showMs = (now - began) / 1e6
        val figures = getString(R.string.rate, runsOn, framesPerSecond, shown.convertMs, shown.stylizeMs, showMs)
        runOnUiThread { if (loaded != null) rate.text = figures }
    }

    private fun write(to: Recording, shown: Shown) {
        try {
            to.write(shown)
        } catch (error: Exception) { // IOException, or what codecs throw
            runOnUiThread { if (recording === to) stopRecording() }
        }
    }

    // Pictures and videos.

    private fun take() {
        val picture = frameView.picture() ?: return
        if (!maySave(this)) return askToSave(this, ASK_TAKE)
        save("image/png") { savePicture(this, picture) }
    }

    private fun record() {
        val size = loaded?.size ?: return
        if (!maySave(this)) return askToSave(this, ASK_RECORD)
        try {
            recording = Recording(this, size)
            showRecording(true)
        } catch (error: Exception) {
            toast(getString(R.string.not_saved, error.message))
        }
    }

    private fun stopRecording() {
        val ended = recording ?: return
        recording = null
        showRecording(false)
        save("video/mp4", ended::save)
    }

    private fun showRecording(on: Boolean) {
        val button = view<ImageButton>(R.id.record)
        button.setImageResource(if (on) R.drawable.stop else R.drawable.record)
        button.contentDescription = getString(if (on) R.string.stop else R.string.record)
    }

    private fun save(type: String, write: () -> Uri) {
        worker.execute {
            try {
                val uri = write()
                runOnUiThread {
                    saved = uri
                    savedType = type
                    enable(R.id.share, true)
                    Toast.makeText(this, R.string.saved, Toast.LENGTH_SHORT).show()
                }
            } catch (error: Exception) {
                runOnUiThread { toast(getString(R.string.not_saved, error.message)) }
            }
        }
    }

    private fun toast(text: String) = Toast.makeText(this, text, Toast.LENGTH_LONG).show()
}
