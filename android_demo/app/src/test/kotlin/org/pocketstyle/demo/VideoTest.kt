package org.pocketstyle.demo

import android.media.MediaFormat
import android.net.Uri
import java.io.File
import java.io.IOException
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Stylizer
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

private const val SIDE = 128 // of heads
private const val BRIGHTER = 32 // levels of 255 by which the fake network does that

@RunWith(RobolectricTestRunner::class)
@Config(shadows = [RawExtractor::class, RawCodec::class, NotedMuxer::class])
class VideoTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val out = File(application.cacheDir, "out.mp4")
    private val sound = List(6) { Sample(23_000L * it, byteArrayOf(it.toByte(), 7)) }

    @Before fun prepare() = RawCodec.prepare(160, 128)

    private fun video(vararg pictures: ByteArray, rotation: Int = 0): Track {
        val format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, 160, 120)
        format.setInteger(MediaFormat.KEY_ROTATION, rotation)
        return Track(format, pictures.mapIndexed { i, bytes -> Sample(40_000L * i, bytes) })
    }

    private fun sound(type: String) = Track(MediaFormat.createAudioFormat(type, 48_000, 2), sound)

    private fun stylize(wanted: () -> Boolean = { true }, report: (Float) -> Unit = {}): VideoEnd =
        Stylizer(application.catalogue.buffer("heads"), "heads", FakeRuntime()).use {
            stylizeVideo(application, Uri.parse("content://gallery/1"), it, out, wanted) { _, _, done -> report(done) }
        }

    private fun pictures() = NotedMuxer.written.filter { it.first == 0 }.map { it.second }

    @Test
    fun `every picture is stylized, and keeps its time`() {
        val levels = listOf(40, 90, 140)
        RawExtractor.tracks = listOf(video(*levels.map { plain(160, 120, it) }.toTypedArray()))
        assertEquals(VideoEnd.WHOLE, stylize())
        assertEquals(listOf(0L, 40_000L, 80_000L), pictures().map { it.timeUs })
        for ((level, made) in levels.zip(pictures())) {
            assertEquals(SIDE * SIDE * 3 / 2, made.bytes.size)
            // luma of 16..235, stylized in 0..255
            val wanted = level + BRIGHTER * 219 / 255
            for (i in 0 until SIDE * SIDE) assertTrue("${made.bytes[i]}", (made.bytes[i].toInt() and 255) - wanted in -2..2)
        }
    }

    @Test
    fun `colours stay what they are`() {
        RawExtractor.tracks = listOf(video(plain(160, 120, 90, u = 100, v = 150)))
        stylize()
        val made = pictures().single().bytes
        val luma = SIDE * SIDE
        for (i in 0 until luma / 4) {
            assertTrue("${made[luma + i]}", (made[luma + i].toInt() and 255) in 98..102)
            assertTrue("${made[luma * 5 / 4 + i]}", (made[luma * 5 / 4 + i].toInt() and 255) in 148..152)
        }
    }

    @Test
    fun `of a decoder's picture only the visible part is shown`() {
        RawCodec.prepare(200, 128)
        RawCodec.border = 40
        val picture = plain(200, 120, 60)
        for (row in 0 until 120) for (column in 0 until 40) picture[row * 200 + column] = 235.toByte()
        RawExtractor.tracks = listOf(video(picture))
        stylize()
        assertTrue(pictures().single().bytes.take(SIDE * SIDE).all { (it.toInt() and 255) < 120 })
    }

    @Test
    fun `a codec that stands still can be stopped`() {
        RawCodec.stalled = true
        RawExtractor.tracks = listOf(video(plain(160, 120, 90)))
        var asked = 0
        assertEquals(VideoEnd.STOPPED, stylize({ asked++ < 5 }))
    }

    @Test
    fun `the sound goes with the pictures as it is, whole and in step`() {
        RawExtractor.tracks = listOf(sound(MediaFormat.MIMETYPE_AUDIO_AAC), video(*Array(3) { plain(160, 120, 90) }))
        assertEquals(VideoEnd.WHOLE, stylize())
        assertEquals(listOf(MediaFormat.MIMETYPE_VIDEO_AVC, MediaFormat.MIMETYPE_AUDIO_AAC), NotedMuxer.tracks)
        val heard = NotedMuxer.written.filter { it.first == 1 }.map { it.second }
        assertEquals(sound.map { it.timeUs }, heard.map { it.timeUs })
        for ((wanted, found) in sound.zip(heard)) assertArrayEquals(wanted.bytes, found.bytes)
        val last = NotedMuxer.written.indexOfLast { it.first == 0 }
        assertTrue(NotedMuxer.written.take(last).any { it.first == 1 }) // not all of it at the end
    }

    @Test
    fun `sound that primes the decoder is left out`() {
        val primed = listOf(Sample(-21_000, byteArrayOf(1))) + sound
        RawExtractor.tracks = listOf(video(plain(160, 120, 90)), Track(sound(MediaFormat.MIMETYPE_AUDIO_AAC).format, primed))
        assertEquals(VideoEnd.WHOLE, stylize())
        assertEquals(sound.map { it.timeUs }, NotedMuxer.written.filter { it.first == 1 }.map { it.second.timeUs })
    }

    @Test
    fun `sound that an MP4 file does not hold is left out, and that is told`() {
        RawExtractor.tracks = listOf(video(plain(160, 120, 90)), sound(MediaFormat.MIMETYPE_AUDIO_OPUS))
        assertEquals(VideoEnd.SILENT, stylize())
        assertEquals(listOf(MediaFormat.MIMETYPE_VIDEO_AVC), NotedMuxer.tracks)
    }

    @Test
    fun `a video that lies on its side is turned`() {
        // the upper left quarter of the square that is cut out is white; upright it is the upper right one
        val picture = plain(160, 120, 40)
        for (row in 0 until 60) for (column in 20 until 80) picture[row * 160 + column] = 200.toByte()
        RawExtractor.tracks = listOf(video(picture, rotation = 90))
        stylize()
        val made = pictures().single().bytes
        val bright = { x: Int, y: Int -> (made[y * SIDE + x].toInt() and 255) > 150 }
        assertTrue(bright(96, 32))
        for ((x, y) in listOf(32 to 32, 32 to 96, 96 to 96)) assertFalse(bright(x, y))
    }

    @Test
    fun `stopped, it ends at once`() {
        RawExtractor.tracks = listOf(video(*Array(9) { plain(160, 120, 90) }))
        val told = ArrayList<Float>()
        val end = stylize({ told.size < 2 }) { told += it }
        assertEquals(VideoEnd.STOPPED, end)
        assertEquals(2, told.size)
    }

    @Test
    fun `a file without pictures is an error, and so is one that is gone`() {
        RawExtractor.tracks = listOf(sound(MediaFormat.MIMETYPE_AUDIO_AAC))
        assertEquals(application.getString(R.string.no_frames), assertThrows(IOException::class.java) { stylize() }.message)
        RawExtractor.tracks = emptyList()
        assertThrows(IOException::class.java) { stylize() }
    }

    @Test
    fun `a recording keeps its size when a lighter variant takes over, and takes nothing after its end`() {
        val heads = application.catalogue.bundles.getValue("heads")
        val larger = Shown(application.catalogue.bundles.getValue("artnet-256"))
        val side = larger.info.size
        larger.after.fill(0xff808080.toInt(), side * side / 2) // its lower half
        val recording = Recording(application, SIDE)
        recording.write(Shown(heads).apply { after.fill(0xff404040.toInt()) })
        recording.write(larger.apply { arrivedNanos = 40_000_000 })
        recording.save()
        recording.write(larger.apply { arrivedNanos = 80_000_000 })
        assertEquals(listOf(0L, 40_000L), pictures().map { it.timeUs })
        val luma = { row: Int -> pictures().map { it.bytes[row * SIDE].toInt() and 255 } } // 16 + 219 / 255 of the level
        assertEquals(listOf(71, 16), luma(SIDE / 4))
        assertEquals(listOf(71, 126), luma(SIDE * 3 / 4))
        assertEquals(setOf(SIDE * SIDE * 3 / 2), pictures().map { it.bytes.size }.toSet())
        assertEquals(0, application.cacheDir.listFiles { file -> file.name.startsWith("recording") }!!.size)
    }
}
