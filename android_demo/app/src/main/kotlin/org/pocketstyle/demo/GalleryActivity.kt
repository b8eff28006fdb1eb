package org.pocketstyle.demo

import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.view.WindowManager
import android.widget.ProgressBar
import android.widget.TextView
import android.widget.Toast
import java.io.File
import java.io.IOException
import java.util.concurrent.Executors
import org.pocketstyle.stylizer.BundleFormatException
import org.pocketstyle.stylizer.Stylizer

private const val ASK_DOCUMENT = 1
private const val ASK_STORAGE = 2

/** Stylizes a picture or a video of the gallery, chosen here or shared by another app. */
class GalleryActivity : Activity() {
    private val worker = Executors.newSingleThreadExecutor()
    private lateinit var frameView: FrameView
    private lateinit var notice: TextView
    private lateinit var progress: ProgressBar
    private var bundle = ""
    private var style = "" // name or address of the style picture
    private var uri: Uri? = null
    private var saved: Uri? = null
    private var savedType = ""
    private var video: File? = null // finished, not yet saved

    @Volatile private var job = 0 // the newest one's number; older ones end

    private val catalogue
        get() = (application as DemoApplication).catalogue

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.gallery)
        frameView = view(R.id.frame)
        notice = view(R.id.notice_text)
        progress = view(R.id.progress)
        onClick(R.id.choose) { askForDocument(this, ASK_DOCUMENT, "image/*", "video/*") }
        onClick(R.id.styles) { chooseBundle(this, catalogue, ::use) }
        onClick(R.id.split) { frameView.toggleSplit(); describe() }
        onClick(R.id.save) { save() }
        onClick(R.id.share) { saved?.let { share(this, listOf(it), savedType) } }
        if (catalogue.choices.isEmpty()) {
            Toast.makeText(this, R.string.no_styles, Toast.LENGTH_LONG).show()
            return finish()
        }
        val wanted = state?.getString("bundle") ?: intent.getStringExtra("bundle")
        bundle = wanted?.takeIf { it in catalogue.bundles } ?: catalogue.choices.first()
        style = state?.getString("style") ?: intent.getStringExtra("style") ?: styleNames(this).first()
        if (state?.containsKey("split") == true) frameView.split = state.getFloat("split")
        uri = state?.getString("uri")?.let(Uri::parse) ?: shared()
        stylize()
    }

    @Suppress("DEPRECATION") // its successor needs Android 13
    private fun shared(): Uri? = intent.getParcelableExtra(Intent.EXTRA_STREAM)

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putString("bundle", bundle)
        state.putString("style", style)
        frameView.split?.let { state.putFloat("split", it) }
        uri?.let { state.putString("uri", it.toString()) }
    }

    override fun onDestroy() {
        super.onDestroy()
        job++
        discardVideo()
        worker.shutdown()
    }

    override fun onActivityResult(code: Int, result: Int, data: Intent?) {
        val chosen = data?.data ?: return
        keepReadable(this, chosen)
        uri = chosen
        stylize()
    }

    override fun onRequestPermissionsResult(code: Int, permissions: Array<String>, results: IntArray) {
        if (code != ASK_STORAGE) return
        if (results.firstOrNull() == PackageManager.PERMISSION_GRANTED) save() else notice.setText(R.string.no_storage)
    }

    private fun use(name: String) {
        bundle = name
        stylize()
    }

    private fun stylize() {
        val from = uri ?: return
        val mine = ++job
        saved = null
        discardVideo()
        enable(R.id.save, false)
        enable(R.id.share, false)
        hideProgress()
        val name = bundle
        notice.text = getString(R.string.loading, catalogue.bundles.getValue(name).title)
        worker.execute {
            try {
                Stylizer(catalogue.buffer(name), name, (application as DemoApplication).runtime).use { stylizer ->
                    if (stylizer.info.takesStyle) {
                        stylizer.setStyle(styleTensor(stylizer.info, readStyle(this, style)))
                    }
                    val isVideo = contentResolver.getType(from).orEmpty().startsWith("video/")
                    if (isVideo) playVideo(stylizer, from, mine) else playPicture(stylizer, from, mine)
                }
            } catch (error: OutOfMemoryError) {
                tell(mine, getString(R.string.no_memory, name))
            } catch (error: BundleFormatException) {
                tell(mine, error.message!!)
            } catch (error: IOException) {
                tell(mine, getString(R.string.cannot_read, error.message))
            } catch (error: Exception) { // of the network, or a GPU that refuses only now
                tell(mine, getString(R.string.failed, name, error.message))
            } catch (error: LinkageError) { // no TFLite for this processor
                tell(mine, getString(R.string.failed, name, error.message))
            }
            runOnUiThread { if (mine == job) hideProgress() }
        }
    }

    /** Behind what the worker still does with it. */
    private fun discardVideo() {
        video?.let { worker.execute { it.delete() } }
        video = null
    }

    private fun playPicture(stylizer: Stylizer, from: Uri, mine: Int) {
        val still = stylizeStill(stylizer, readPicture(this, from))
        if (mine != job) return
        frameView.show(still.before, still.after, still.width, still.height)
        val title = stylizer.info.title
        finished(mine, if (still.noFace) getString(R.string.no_face, title) else title)
    }

    private fun playVideo(stylizer: Stylizer, from: Uri, mine: Int) {
        val file = File.createTempFile("video", ".mp4", cacheDir)
        var end = VideoEnd.STOPPED
        try {
            end =
                stylizeVideo(this, from, stylizer, file, { mine == job }) { before, after, done ->
                    frameView.show(before, after, stylizer.info.size, stylizer.info.size)
                    tell(mine, getString(R.string.progress, (100 * done).toInt()))
                    runOnUiThread { if (mine == job) showProgress((100 * done).toInt()) }
                }
        } finally {
            if (end == VideoEnd.STOPPED) file.delete()
        }
        if (end == VideoEnd.STOPPED) return
        runOnUiThread { if (mine == job) video = file else file.delete() }
        val title = stylizer.info.title
        finished(mine, if (end == VideoEnd.SILENT) getString(R.string.silent, title) else title)
    }

    private fun showProgress(percent: Int) {
        progress.visibility = View.VISIBLE
        progress.progress = percent
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
    }

    private fun hideProgress() {
        progress.visibility = View.INVISIBLE
        window.clearFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
    }

    private fun finished(mine: Int, text: String) {
        tell(mine, text)
        runOnUiThread {
            if (mine != job) return@runOnUiThread
            describe()
            enable(R.id.save, true)
        }
    }

    private fun describe() = frameView.describe(R.string.stylized_description, catalogue.bundles.getValue(bundle).title)

    private fun tell(mine: Int, text: String) = runOnUiThread { if (mine == job) notice.text = text }

    private fun save() {
        if (!maySave(this)) return askToSave(this, ASK_STORAGE)
        val file = video
        val picture: Bitmap? = frameView.picture()
        val mine = job
        enable(R.id.save, false)
        worker.execute {
            try {
                val kept = if (file != null) saveVideo(this, file) else savePicture(this, picture!!)
                runOnUiThread {
                    if (mine != job) return@runOnUiThread // another picture is on the screen
                    saved = kept
                    savedType = if (file != null) "video/mp4" else "image/png"
                    enable(R.id.share, true)
                    notice.setText(R.string.saved)
                    discardVideo()
                }
            } catch (error: IOException) {
                tell(mine, getString(R.string.not_saved, error.message))
                runOnUiThread { if (mine == job) enable(R.id.save, true) }
            }
        }
    }
}
