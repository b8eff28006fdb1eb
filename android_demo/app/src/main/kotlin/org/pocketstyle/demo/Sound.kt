package org.pocketstyle.demo

import android.content.Context
import android.media.MediaCodec
import android.media.MediaExtractor
import android.media.MediaFormat
import android.media.MediaMuxer
import android.net.Uri
import java.io.Closeable
import java.io.IOException
import java.nio.ByteBuffer

private const val LARGEST = 1 shl 18 // bytes of a sample, where the file does not say

/** What Android writes into an MP4 file beside pictures. */
val SOUNDS_OF_MP4 =
    setOf(MediaFormat.MIMETYPE_AUDIO_AAC, MediaFormat.MIMETYPE_AUDIO_AMR_NB, MediaFormat.MIMETYPE_AUDIO_AMR_WB)

/**
 * A video's sound, copied sample by sample into another file; one thread at a time.
 *
 * @param track of `uri`, one of `SOUNDS_OF_MP4`.
 * @throws IOException it is unreadable.
 */
class Sound(context: Context, uri: Uri, track: Int) : Closeable {
    private val extractor = MediaExtractor()
    private val format: MediaFormat
    private val sample: ByteBuffer
    private val info = MediaCodec.BufferInfo()
    private var written = -1

    init {
        try {
            extractor.setDataSource(context, uri, null)
            extractor.selectTrack(track)
            format = extractor.getTrackFormat(track)
            sample = ByteBuffer.allocateDirect(maxOf(LARGEST, format.intOr(MediaFormat.KEY_MAX_INPUT_SIZE, 0)))
        } catch (error: Exception) {
            extractor.release()
            throw error
        }
    }

    /** Before the muxer is started. */
    fun addTo(muxer: MediaMuxer) {
        written = muxer.addTrack(format)
    }

    /** Write the samples up to a moment of the video, microseconds; those that are written already are not again. */
    fun copy(muxer: MediaMuxer, untilUs: Long) {
        while (extractor.sampleTrackIndex >= 0 && extractor.sampleTime <= untilUs) {
            val bytes = extractor.readSampleData(sample, 0)
            info.set(0, bytes, extractor.sampleTime, MediaCodec.BUFFER_FLAG_KEY_FRAME)
            if (info.presentationTimeUs >= 0) muxer.writeSampleData(written, sample, info) // else it primes the decoder
            extractor.advance()
        }
    }

    override fun close() = extractor.release()
}
