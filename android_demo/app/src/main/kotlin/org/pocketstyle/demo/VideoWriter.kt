package org.pocketstyle.demo

import android.content.Context
import android.media.Image
import android.media.MediaCodec
import android.media.MediaCodecInfo.CodecCapabilities
import android.media.MediaFormat
import android.media.MediaMuxer
import android.util.Log
import java.io.Closeable
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

private const val BITS_PER_PIXEL = 6
private const val TIMEOUT_US = 10_000L
private const val STALLED_NANOS = 10_000_000_000L // after which an encoder is given up

/**
 * Writes stylized frames as H.264 in an MP4 file.
 *
 * One thread at a time. A file that is closed before `finish` is no video.
 *
 * @param size of the frames, even.
 * @param live whether a frame is left out rather than waited for while the encoder is behind.
 * @param sound that goes with them; the caller closes it.
 * @throws IOException there is no encoder, or no room for the file.
 */
class VideoWriter(
    private val context: Context,
    file: File,
    private val size: Int,
    private val live: Boolean = false,
    private val sound: Sound? = null,
) : Closeable {
    init {
        if (size % 2 != 0) throw IOException(context.getString(R.string.encoder_refuses))
    }

    private val codec = MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_VIDEO_AVC)
    private val muxer =
        try {
            MediaMuxer(file.path, MediaMuxer.OutputFormat.MUXER_OUTPUT_MPEG_4)
        } catch (error: IOException) {
            codec.release()
            throw error
        }
    private val done = MediaCodec.BufferInfo()
    private var track = -1
    private var frames = 0 // in the file

    init {
        val format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, size, size)
        format.setInteger(MediaFormat.KEY_COLOR_FORMAT, CodecCapabilities.COLOR_FormatYUV420Flexible)
        format.setInteger(MediaFormat.KEY_BIT_RATE, BITS_PER_PIXEL * size * size)
        format.setInteger(MediaFormat.KEY_FRAME_RATE, 30)
        format.setInteger(MediaFormat.KEY_I_FRAME_INTERVAL, 1)
        format.setInteger(MediaFormat.KEY_COLOR_STANDARD, MediaFormat.COLOR_STANDARD_BT601_PAL) // as writeYuv has them
        format.setInteger(MediaFormat.KEY_COLOR_RANGE, MediaFormat.COLOR_RANGE_LIMITED)
        format.setInteger(MediaFormat.KEY_COLOR_TRANSFER, MediaFormat.COLOR_TRANSFER_SDR_VIDEO)
        try {
            codec.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE)
            codec.start()
        } catch (error: RuntimeException) { // the encoder does not take the size
            codec.release()
            muxer.release()
            throw IOException(error)
        }
    }

    /**
     * Add a frame.
     *
     * @param argb [size, size].
     * @param timeUs later than that of the frame before, microseconds.
     * @throws IOException the encoder stands still, or takes no pictures.
     */
    fun frame(argb: IntArray, timeUs: Long) {
        val index = if (live) codec.dequeueInputBuffer(TIMEOUT_US) else inputBuffer()
        if (index >= 0) {
            val image = codec.getInputImage(index) ?: throw IOException(context.getString(R.string.encoder_refuses))
            writeYuv(argb, size, image)
            codec.queueInputBuffer(index, 0, size * size * 3 / 2, timeUs, 0)
        }
        drain(0)
        if (track >= 0) sound?.copy(muxer, timeUs)
    }

    /**
     * Write what is still on its way, and end the file.
     *
     * @throws IOException no frame came out, or not all of them.
     */
    fun finish() {
        codec.queueInputBuffer(inputBuffer(), 0, 0, 0, MediaCodec.BUFFER_FLAG_END_OF_STREAM)
        val end = System.nanoTime() + STALLED_NANOS
        while (!drain(TIMEOUT_US)) {
            if (System.nanoTime() > end) throw IOException(context.getString(R.string.stalled))
        }
        if (frames == 0) throw IOException(context.getString(R.string.no_frames))
        sound?.copy(muxer, Long.MAX_VALUE)
        muxer.stop()
    }

    override fun close() {
        codec.release()
        try {
            muxer.release()
        } catch (error: IllegalStateException) { // it had nothing to end
            Log.w("pocketstyle", "an unfinished video", error)
        }
    }

    private fun inputBuffer(): Int {
        val end = System.nanoTime() + STALLED_NANOS
        while (System.nanoTime() < end) {
            val index = codec.dequeueInputBuffer(TIMEOUT_US)
            if (index >= 0) return index
            drain(0) // it may wait for that
        }
        throw IOException(context.getString(R.string.stalled))
    }

    /** Write what has come out; true after the last of it. */
    private fun drain(timeoutUs: Long): Boolean {
        while (true) {
            val index = codec.dequeueOutputBuffer(done, timeoutUs)
            if (index == MediaCodec.INFO_TRY_AGAIN_LATER) return false
            if (index == MediaCodec.INFO_OUTPUT_FORMAT_CHANGED) {
                track = muxer.addTrack(codec.outputFormat)
                sound?.addTo(muxer)
                muxer.start()
            }
            if (index < 0) continue
            val isFrame = done.flags and MediaCodec.BUFFER_FLAG_CODEC_CONFIG == 0
            if (isFrame && done.size > 0 && track >= 0) {
                muxer.writeSampleData(track, codec.getOutputBuffer(index)!!, done)
                frames++
            }
            codec.releaseOutputBuffer(index, false)
            if (done.flags and MediaCodec.BUFFER_FLAG_END_OF_STREAM != 0) return true
        }
    }
}

private fun writeYuv(argb: IntArray, size: Int, image: Image) {
    val (y, u, v) = image.planes
    writeYuv(argb, size, y.buffer, y.rowStride, u.buffer, v.buffer, u.rowStride, u.pixelStride)
}

/**
 * ARGB as BT.601 over 16..235, what encoders expect of a video in standard definition.
 *
 * @param argb [size, size], size even.
 * @param y luma, pixel stride 1; `u` and `v` of half its sides, each the mean of four pixels.
 */
fun writeYuv(argb: IntArray, size: Int, y: ByteBuffer, yRow: Int, u: ByteBuffer, v: ByteBuffer, uvRow: Int, uvPixel: Int) {
    for (row in 0 until size step 2) {
        for (column in 0 until size step 2) {
            var red = 0
            var green = 0
            var blue = 0
            for (i in 0 until 4) {
                val at = (row + i / 2) * size + column + i % 2
                val r = argb[at] shr 16 and 255
                val g = argb[at] shr 8 and 255
                val b = argb[at] and 255
                y.put((row + i / 2) * yRow + column + i % 2, (16.5f + 0.256788f * r + 0.504129f * g + 0.097906f * b).toInt().toByte())
                red += r
                green += g
                blue += b
            }
            val chroma = row / 2 * uvRow + column / 2 * uvPixel
            u.put(chroma, (128.5f + (-0.148223f * red - 0.290993f * green + 0.439216f * blue) / 4).toInt().toByte())
            v.put(chroma, (128.5f + (0.439216f * red - 0.367788f * green - 0.071427f * blue) / 4).toInt().toByte())
        }
    }
}
