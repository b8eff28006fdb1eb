package org.pocketstyle.demo

import android.content.Context
import android.graphics.ImageFormat
import android.media.Image
import android.media.MediaCodec
import android.media.MediaCodecInfo.CodecCapabilities
import android.media.MediaExtractor
import android.media.MediaFormat
import android.net.Uri
import java.io.File
import java.io.IOException
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.Stylizer
import org.pocketstyle.stylizer.TensorBuffer
import org.pocketstyle.stylizer.YuvColours
import org.pocketstyle.stylizer.YuvFrame

private const val TIMEOUT_US = 10_000L
private const val STALLED_NANOS = 10_000_000_000L // without a frame, after which a decoder is given up
private const val HIGH_DEFINITION = 720 // lines, from which on videos are in BT.709

/** How a video's stylization ended. */
enum class VideoEnd {
    /** By the caller's wish. */
    STOPPED,

    /** Whole but for its sound, which is of a kind that MP4 files do not hold. */
    SILENT,
    WHOLE,
}

/**
 * Stylize a video's centre square, or of a portrait's network the square around a face in it, frame by frame, with its
 * sound; on the caller's thread, for as long as it takes.
 *
 * @param wanted asked again and again; false ends it.
 * @param report told after each frame, ARGB [size, size], how much is done, 0..1.
 * @throws IOException it is unreadable, or cannot be written.
 */
fun stylizeVideo(
    context: Context,
    uri: Uri,
    stylizer: Stylizer,
    out: File,
    wanted: () -> Boolean,
    report: (before: IntArray, after: IntArray, done: Float) -> Unit,
): VideoEnd {
    val extractor = MediaExtractor()
    try {
        extractor.setDataSource(context, uri, null)
        val track = extractor.track("video/") ?: throw IOException(context.getString(R.string.no_frames))
        val heard = extractor.track("audio/")
        val kept = heard?.takeIf { extractor.mime(it) in SOUNDS_OF_MP4 }
        extractor.selectTrack(track)
        val format = extractor.getTrackFormat(track)
        format.setInteger(MediaFormat.KEY_COLOR_FORMAT, CodecCapabilities.COLOR_FormatYUV420Flexible)
        format.setInteger(MediaFormat.KEY_COLOR_TRANSFER_REQUEST, MediaFormat.COLOR_TRANSFER_SDR_VIDEO) // from Android 12 on
        val decoder = MediaCodec.createDecoderByType(extractor.mime(track))
        try {
            decoder.configure(format, null, null, 0)
            decoder.start()
            kept?.let { Sound(context, uri, it) }.use { sound ->
                VideoWriter(context, out, stylizer.info.size, sound = sound).use { writer ->
                    val playing = PlayedVideo(context, extractor, decoder, format, stylizer, writer)
                    if (!playing.toEnd(wanted, report)) return VideoEnd.STOPPED
                    writer.finish()
                }
            }
            return if (heard == kept) VideoEnd.WHOLE else VideoEnd.SILENT
        } finally {
            decoder.release()
        }
    } catch (error: RuntimeException) { // what Android's codecs throw
        throw IOException(error)
    } finally {
        extractor.release()
    }
}

private class PlayedVideo(
    private val context: Context,
    private val extractor: MediaExtractor,
    private val decoder: MediaCodec,
    format: MediaFormat,
    private val stylizer: Stylizer,
    private val writer: VideoWriter,
) {
    private val info = stylizer.info
    private val pixels = FrameTensor(info.stylize.inputs[0])
    private val made = FrameTensor(info.stylize.outputs[0])
    private val input = TensorBuffer(info.stylize.inputs[0])
    private val output = TensorBuffer(info.stylize.outputs[0])
    private val before = IntArray(info.size * info.size)
    private val after = IntArray(info.size * info.size)
    private val frame = YuvFrame()
    private val done = MediaCodec.BufferInfo()
    private val rotation = format.intOr(MediaFormat.KEY_ROTATION, 0)
    private val duration = if (format.containsKey(MediaFormat.KEY_DURATION)) format.getLong(MediaFormat.KEY_DURATION) else 0
    private var faces: VideoFaces? = null

    /** Whether it came there. */
    fun toEnd(wanted: () -> Boolean, report: (IntArray, IntArray, Float) -> Unit): Boolean {
        var fed = false
        var last = System.nanoTime()
        while (wanted()) {
            if (!fed) fed = feed(extractor, decoder)
            val index = decoder.dequeueOutputBuffer(done, TIMEOUT_US)
            if (index < 0) {
                if (System.nanoTime() - last > STALLED_NANOS) throw IOException(context.getString(R.string.stalled))
                continue
            }
            if (done.size > 0) {
                stylize(decoder.getOutputImage(index))
                writer.frame(after, done.presentationTimeUs)
                val share = if (duration > 0) done.presentationTimeUs.toFloat() / duration else 0f
                report(before, after, share.coerceIn(0f, 1f))
            }
            decoder.releaseOutputBuffer(index, false)
            if (done.flags and MediaCodec.BUFFER_FLAG_END_OF_STREAM != 0) return true
            last = System.nanoTime()
        }
        return false
    }

    private fun stylize(image: Image?) {
        if (image == null || image.format != ImageFormat.YUV_420_888) { // of its maker's own kind, or of 10 bits
            throw IOException(context.getString(R.string.decoder_refuses))
        }
        frame.set(image)
        val seen = image.cropRect
        val colours = colours(decoder.outputFormat, seen.height())
        val cut = Crop.centre(seen.width(), seen.height())
        val square = cut.copy(left = seen.left + cut.left, top = seen.top + cut.top)
        pixels.fill(frame, if (info.takesStyle) square else face(square, colours), rotation, false, input, colours)
        stylizer.stylize(input, output)
        pixels.read(input, before)
        made.read(output, after)
    }

    private fun face(square: Crop, colours: YuvColours): Crop {
        val found = faces ?: VideoFaces(square, rotation).also { faces = it }
        return found.crop(frame, colours)
    }
}

/** Gives the decoder a sample; true after the last one. */
private fun feed(extractor: MediaExtractor, decoder: MediaCodec): Boolean {
    val index = decoder.dequeueInputBuffer(TIMEOUT_US)
    if (index < 0) return false
    val bytes = extractor.readSampleData(decoder.getInputBuffer(index)!!, 0)
    if (bytes < 0) {
        decoder.queueInputBuffer(index, 0, 0, 0, MediaCodec.BUFFER_FLAG_END_OF_STREAM)
        return true
    }
    decoder.queueInputBuffer(index, 0, bytes, extractor.sampleTime, 0)
    extractor.advance()
    return false
}

/** What the decoder says of its planes; else by the video's height, as players guess. */
fun colours(format: MediaFormat, height: Int): YuvColours {
    val full = format.intOr(MediaFormat.KEY_COLOR_RANGE, 0) == MediaFormat.COLOR_RANGE_FULL
    if (full) return YuvColours.FULL_601
    return when (format.intOr(MediaFormat.KEY_COLOR_STANDARD, 0)) {
        MediaFormat.COLOR_STANDARD_BT709 -> YuvColours.LIMITED_709
        MediaFormat.COLOR_STANDARD_BT601_NTSC, MediaFormat.COLOR_STANDARD_BT601_PAL -> YuvColours.LIMITED_601
        else -> if (height >= HIGH_DEFINITION) YuvColours.LIMITED_709 else YuvColours.LIMITED_601
    }
}

fun MediaFormat.intOr(key: String, default: Int) = if (containsKey(key)) getInteger(key) else default

private fun MediaExtractor.track(kind: String): Int? = (0 until trackCount).find { mime(it).startsWith(kind) }

private fun MediaExtractor.mime(track: Int): String = getTrackFormat(track).getString(MediaFormat.KEY_MIME).orEmpty()
