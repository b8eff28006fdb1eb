package org.pocketstyle.demo

import android.content.Context
import android.media.MediaCodec
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
 * Stylize a video's centre square, frame by frame, with its sound; on the caller's thread, for as long as it takes.
 *
 * @param report told after each frame, ARGB [size, size], how much is done, 0..1; false ends it.
 * @throws IOException it is unreadable, or cannot be written.
 */
fun stylizeVideo(
    context: Context,
    uri: Uri,
    stylizer: Stylizer,
    out: File,
    report: (before: IntArray, after: IntArray, done: Float) -> Boolean,
): VideoEnd {
    val extractor = MediaExtractor()
    try {
        extractor.setDataSource(context, uri, null)
        val track = extractor.track("video/") ?: throw IOException(context.getString(R.string.no_frames))
        val heard = extractor.track("audio/")
        val kept = heard?.takeIf { extractor.mime(it) in SOUNDS_OF_MP4 }
        extractor.selectTrack(track)
        val format = extractor.getTrackFormat(track)
        val decoder = MediaCodec.createDecoderByType(extractor.mime(track))
        try {
            decoder.configure(format, null, null, 0)
            decoder.start()
            kept?.let { Sound(context, uri, it) }.use { sound ->
                VideoWriter(context, out, stylizer.info.size, sound).use { writer ->
                    if (!play(extractor, decoder, format, stylizer, writer, report)) return VideoEnd.STOPPED
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

/** Whether it came to its end. */
private fun play(
    extractor: MediaExtractor,
    decoder: MediaCodec,
    format: MediaFormat,
    stylizer: Stylizer,
    writer: VideoWriter,
    report: (IntArray, IntArray, Float) -> Boolean,
): Boolean {
    val info = stylizer.info
    val pixels = FrameTensor(info.stylize.inputs[0])
    val made = FrameTensor(info.stylize.outputs[0])
    val (input, output) = listOf(info.stylize.inputs[0], info.stylize.outputs[0]).map(::TensorBuffer)
    val before = IntArray(info.size * info.size)
    val after = IntArray(info.size * info.size)
    val frame = YuvFrame()
    val done = MediaCodec.BufferInfo()
    val rotation = format.intOr(MediaFormat.KEY_ROTATION, 0)
    val duration = if (format.containsKey(MediaFormat.KEY_DURATION)) format.getLong(MediaFormat.KEY_DURATION) else 0
    var fed = false
    while (true) {
        if (!fed) fed = feed(extractor, decoder)
        val index = decoder.dequeueOutputBuffer(done, TIMEOUT_US)
        if (index < 0) continue
        val image = decoder.getOutputImage(index)
        if (image != null && done.size > 0) {
            frame.set(image)
            val seen = image.cropRect
            val square = Crop.centre(seen.width(), seen.height())
            val crop = square.copy(left = seen.left + square.left, top = seen.top + square.top)
            pixels.fill(frame, crop, rotation, false, input, colours(decoder.outputFormat, seen.height()))
            stylizer.stylize(input, output)
            pixels.read(input, before)
            made.read(output, after)
            writer.frame(after, done.presentationTimeUs)
            val share = if (duration > 0) done.presentationTimeUs.toFloat() / duration else 0f
            if (!report(before, after, share.coerceIn(0f, 1f))) return false
        }
        decoder.releaseOutputBuffer(index, false)
        if (done.flags and MediaCodec.BUFFER_FLAG_END_OF_STREAM != 0) return true
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
