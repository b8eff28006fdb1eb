package org.pocketstyle.demo

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import java.io.File

/**
 * A recording of what is shown, without sound; saved by `save`, gone otherwise.
 *
 * `write` is for the thread that shows; `save` for another one, whenever it is.
 *
 * @param size of its frames, even; it stays when a lighter variant with smaller ones takes over.
 * @throws Exception there is no room for it, or the encoder does not take it.
 */
class Recording(private val context: Context, private val size: Int) {
    private val file = File.createTempFile("recording", ".mp4", context.cacheDir)
    private var writer: VideoWriter? =
        try {
            VideoWriter(context, file, size, live = true)
        } catch (error: Exception) { // IOException, or what codecs throw
            file.delete()
            throw error
        }

    /** Add a frame; none after it was saved. Throws IOException, or what codecs throw. */
    @Synchronized
    fun write(shown: Shown) {
        writer?.frame(sized(shown), shown.arrivedNanos / 1000)
    }

    /**
     * End it and save it to the gallery.
     *
     * @throws java.io.IOException it has no frame, or there is no room.
     */
    fun save(): Uri =
        try {
            end()
            saveVideo(context, file)
        } finally {
            file.delete()
        }

    @Synchronized
    private fun end() {
        writer.also { writer = null }!!.use(VideoWriter::finish)
    }

    private fun sized(shown: Shown): IntArray {
        val side = shown.info.size
        if (side == size) return shown.after
        return pixelsOf(Bitmap.createBitmap(shown.after, side, side, Bitmap.Config.ARGB_8888), size, size)
    }
}
