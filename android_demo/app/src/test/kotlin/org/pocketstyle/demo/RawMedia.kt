package org.pocketstyle.demo

import android.content.Context
import android.graphics.Rect
import android.media.Image
import android.media.MediaCodec
import android.media.MediaCodecInfo.CodecCapabilities
import android.media.MediaExtractor
import android.media.MediaFormat
import android.media.MediaMuxer
import android.net.Uri
import java.io.File
import java.nio.ByteBuffer
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.annotation.RealObject
import org.robolectric.shadows.ShadowMediaCodec

/** A sample of a track: a picture in I420, or a piece of sound. */
class Sample(val timeUs: Long, val bytes: ByteArray)

class Track(val format: MediaFormat, val samples: List<Sample>)

/** I420 of one colour, 0..255. */
fun plain(width: Int, height: Int, y: Int, u: Int = 128, v: Int = 128): ByteArray {
    val luma = width * height
    return ByteArray(luma * 3 / 2) { (if (it < luma) y else if (it < luma * 5 / 4) u else v).toByte() }
}

/** Reads the tracks that a test put here, whatever the address; none is no file. */
@Implements(MediaExtractor::class)
class RawExtractor {
    private var selected: Track? = null
    private var place = 0

    private val sample
        get() = selected?.samples?.getOrNull(place)

    @Implementation
    protected fun setDataSource(context: Context, uri: Uri, headers: Map<String, String>?) {
        if (tracks.isEmpty()) throw java.io.IOException("no such file")
    }

    @Implementation protected fun getTrackCount(): Int = tracks.size

    @Implementation protected fun getTrackFormat(index: Int): MediaFormat = tracks[index].format

    @Implementation
    protected fun selectTrack(index: Int) {
        selected = tracks[index]
    }

    @Implementation
    protected fun getSampleTrackIndex(): Int = if (sample == null) -1 else tracks.indexOf(selected)

    @Implementation protected fun getSampleTime(): Long = sample?.timeUs ?: -1

    @Implementation
    protected fun readSampleData(into: ByteBuffer, offset: Int): Int {
        val bytes = sample?.bytes ?: return -1
        into.clear()
        into.put(bytes)
        into.flip()
        return bytes.size
    }

    @Implementation
    protected fun advance(): Boolean {
        place++
        return sample != null
    }

    companion object {
        @Volatile var tracks = emptyList<Track>()
    }
}

/** Codecs whose pictures are I420 in their buffers, both ways; their size is that of the format. */
@Implements(MediaCodec::class)
class RawCodec : ShadowMediaCodec() {
    @RealObject private lateinit var real: MediaCodec

    @Implementation
    protected fun getImage(input: Boolean, index: Int): Image =
        if (input) image(real.getInputBuffer(index)!!, inputFormat, 0) else image(real.getOutputBuffer(index)!!, outputFormat, border)

    private fun image(buffer: ByteBuffer, format: MediaFormat, border: Int): Image {
        check(format.getInteger(MediaFormat.KEY_COLOR_FORMAT) == CodecCapabilities.COLOR_FormatYUV420Flexible)
        return RawImage(buffer, border, format.getInteger(MediaFormat.KEY_WIDTH), format.getInteger(MediaFormat.KEY_HEIGHT))
    }

    @Implementation
    protected override fun native_dequeueOutputBuffer(info: MediaCodec.BufferInfo, timeoutUs: Long): Int =
        if (stalled) MediaCodec.INFO_TRY_AGAIN_LATER else super.native_dequeueOutputBuffer(info, timeoutUs)

    companion object {
        /** Columns before the visible ones in pictures that decoders give. */
        @Volatile var border = 0

        /** Codecs take, and give nothing. */
        @Volatile var stalled = false

        /** Before each test: nothing is read or written yet, and the largest picture that goes through codecs is this. */
        fun prepare(width: Int, height: Int) {
            border = 0
            stalled = false
            RawExtractor.tracks = emptyList()
            NotedMuxer.written.clear()
            NotedMuxer.tracks.clear()
            val bytes = width * height * 3 / 2
            val config = CodecConfig(bytes, bytes) { from, to -> to.put(from) }
            addEncoder(MediaFormat.MIMETYPE_VIDEO_AVC, config)
            addDecoder(MediaFormat.MIMETYPE_VIDEO_AVC, config)
        }
    }
}

/** A picture of I420 in memory. */
fun rawImage(bytes: ByteArray, width: Int, height: Int): Image = RawImage(ByteBuffer.wrap(bytes), 0, width, height)

private class RawImage(bytes: ByteBuffer, private val border: Int, visible: Int, private val height: Int) : Image() {
    private val width = border + visible
    private val planes: Array<Plane>

    init {
        mIsImageValid = true
        val whole = bytes.duplicate().apply { clear() }
        val part = { from: Int, size: Int -> whole.duplicate().apply { position(from).limit(from + size) }.slice() }
        val luma = width * height
        planes =
            arrayOf(
                RawPlane(part(0, luma), width),
                RawPlane(part(luma, luma / 4), width / 2),
                RawPlane(part(luma * 5 / 4, luma / 4), width / 2),
            )
    }

    override fun getFormat() = android.graphics.ImageFormat.YUV_420_888

    override fun getWidth() = width

    override fun getHeight() = height

    override fun getTimestamp() = 0L

    override fun getTransform() = 0

    override fun getScalingMode() = 0

    override fun getPlanes() = planes

    override fun getCropRect() = Rect(border, 0, width, height)

    override fun close() = Unit
}

private class RawPlane(private val bytes: ByteBuffer, private val row: Int) : Image.Plane() {
    override fun getRowStride() = row

    override fun getPixelStride() = 1

    override fun getBuffer() = bytes
}

/** Notes what is written, in order; a started one takes no more tracks, one that is not started no samples. */
@Implements(MediaMuxer::class)
class NotedMuxer {
    private var started = false

    @Implementation
    protected fun __constructor__(path: String, format: Int) {
        check(format == MediaMuxer.OutputFormat.MUXER_OUTPUT_MPEG_4)
        File(path).writeText("a video")
    }

    @Implementation
    protected fun addTrack(format: MediaFormat): Int {
        check(!started)
        tracks += format.getString(MediaFormat.KEY_MIME)!!
        return tracks.lastIndex
    }

    @Implementation
    protected fun start() {
        started = true
    }

    @Implementation
    protected fun writeSampleData(track: Int, bytes: ByteBuffer, info: MediaCodec.BufferInfo) {
        check(started)
        val sample = ByteArray(info.size).also { bytes.duplicate().apply { position(info.offset) }.get(it) }
        written += track to Sample(info.presentationTimeUs, sample)
    }

    @Implementation
    protected fun stop() {
        check(started && written.isNotEmpty())
        started = false
    }

    @Implementation
    protected fun release() {
        if (started) stop()
    }

    companion object {
        /** A track's number and a sample, in the order in which they were written. */
        val written = ArrayList<Pair<Int, Sample>>()

        /** The kinds of the tracks. */
        val tracks = ArrayList<String>()
    }
}
