package org.pocketstyle.demo

import android.graphics.Bitmap
import android.graphics.Rect
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.media.MediaFormat
import android.net.Uri
import android.util.Size
import android.os.Environment
import android.provider.MediaStore
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.Stylizer
import org.pocketstyle.stylizer.TensorBuffer
import org.pocketstyle.stylizer.YuvColours
import org.pocketstyle.stylizer.YuvFrame
import org.pocketstyle.stylizer.picture
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class PixelsTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication

    @Test
    fun `what a video is written from is what a video is read to`() {
        val size = 16
        // colours that are constant over 4x4 pixels, so that halved chroma loses nothing inside
        val argb = IntArray(size * size) { i -> (0xff shl 24) or ((i / 64 * 4 + i % size / 4) * 0x0d1f2b and 0xffffff) }
        val (y, u, v) = List(3) { ByteBuffer.allocate(size * size + 8 * size) }
        writeYuv(argb, size, y, size + 8, u, v, size, 2)
        val frame = YuvFrame().apply { set(size, size, y, size + 8, 1, u, v, size, 2) }
        val pixels = FrameTensor(picture(size))
        val tensor = TensorBuffer(picture(size))
        val back = IntArray(size * size)
        pixels.fill(frame, Crop(0f, 0f, size.toFloat(), size.toFloat()), 0, false, tensor, YuvColours.LIMITED_601)
        pixels.read(tensor, back)
        for (i in argb.indices) {
            if (i % 4 in 1..2 && i / size % 4 in 1..2) { // away from the borders between colours
                for (shift in listOf(16, 8, 0)) {
                    assertEquals((argb[i] shr shift and 255).toFloat(), (back[i] shr shift and 255).toFloat(), 4f)
                }
            }
        }
    }

    @Test
    fun `a video's colours are what its format says, else by its height`() {
        val format = { standard: Int?, range: Int? ->
            MediaFormat().apply {
                standard?.let { setInteger(MediaFormat.KEY_COLOR_STANDARD, it) }
                range?.let { setInteger(MediaFormat.KEY_COLOR_RANGE, it) }
            }
        }
        assertEquals(YuvColours.FULL_601, colours(format(null, MediaFormat.COLOR_RANGE_FULL), 480))
        assertEquals(YuvColours.LIMITED_709, colours(format(MediaFormat.COLOR_STANDARD_BT709, null), 480))
        assertEquals(YuvColours.LIMITED_601, colours(format(MediaFormat.COLOR_STANDARD_BT601_PAL, null), 1080))
        assertEquals(YuvColours.LIMITED_601, colours(format(null, null), 480))
        assertEquals(YuvColours.LIMITED_709, colours(format(null, null), 1080))
    }

    @Test
    fun `a video that cannot be read is an error`() {
        val stylizer = Stylizer(application.catalogue.buffer("heads"), "heads", FakeRuntime())
        stylizer.use {
            assertThrows(IOException::class.java) {
                stylizeVideo(application, Uri.parse("content://gone/1"), it, File(application.cacheDir, "o.mp4"), { true }) { _, _, _ -> }
            }
        }
    }

    @Test
    fun `the change of a photo is laid over it, and its details stay`() {
        val picture = IntArray(64) { i -> if (i % 2 == 0) 0xff202020.toInt() else 0xff606060.toInt() }
        val seen = IntArray(4) { 0xff404040.toInt() }
        val made = IntArray(4) { 0xff504830.toInt() } // 16 more red, 8 more green, 16 less blue
        val laid = laidOver(picture, 8, 8, seen, made, 2)
        assertEquals(0xff302810.toInt(), laid[0])
        assertEquals(0xff706850.toInt(), laid[1])
    }

    @Test
    fun `a picture is read with at most 1920 pixels a side`() {
        for ((width, wanted) in listOf(1900 to 1900, 3839 to 1920, 6000 to 1920)) {
            val bytes = ByteArrayOutputStream()
            Bitmap.createBitmap(width, width / 10, Bitmap.Config.ARGB_8888).compress(Bitmap.CompressFormat.PNG, 100, bytes)
            val uri = Uri.parse("content://gallery/$width")
            shadowOf(application.contentResolver).registerInputStreamSupplier(uri) { ByteArrayInputStream(bytes.toByteArray()) }
            val read = readPicture(application, uri)
            assertEquals(wanted, read.width)
            assertEquals(width / 10f / width, read.height.toFloat() / read.width, 1e-3f)
        }
    }

    @Suppress("DEPRECATION") // Android 9 knows nothing newer
    @Test
    fun `below Android 10 the gallery is told the file, which it then does not choose`() {
        val kept = place("a.png", "image/png", Environment.DIRECTORY_PICTURES)
        assertFalse(MediaStore.MediaColumns.DATA in kept.keySet())
        assertEquals("Pictures/pocketstyle", kept.getAsString(MediaStore.MediaColumns.RELATIVE_PATH))
        onAndroid9 {
            val values = place("a.png", "image/png", Environment.DIRECTORY_PICTURES)
            val file = File(values.getAsString(MediaStore.MediaColumns.DATA))
            assertTrue("$file", file.path.endsWith("/Pictures/pocketstyle/a.png"))
            assertTrue(file.parentFile!!.isDirectory)
            assertFalse(MediaStore.MediaColumns.IS_PENDING in values.keySet())
        }
    }

    @Test
    fun `of a camera's sizes the smallest that suffices is taken`() {
        val sizes = listOf(Size(1920, 1080), Size(640, 480), Size(320, 240), Size(1280, 720))
        assertEquals(Size(640, 480), chosenSize(sizes, 256))
        assertEquals(Size(320, 240), chosenSize(sizes, 128))
        assertEquals(Size(1920, 1080), chosenSize(sizes, 2000))
    }

    @Test
    fun `a face's box is found in the frame, which is cut from the sensor's middle`() {
        // of 4000x3000 a frame of 16:9 sees the middle 4000x2250
        val crop = inFrame(Rect(2000, 1500, 3000, 2500), Rect(0, 0, 4000, 3000), Size(1280, 720))
        assertEquals(Crop(640f, 360f, 320f, 320f), crop)
    }

    @Test
    fun `back cameras come first`() {
        val manager = application.getSystemService(CameraManager::class.java)!!
        addCamera(manager, "0", CameraCharacteristics.LENS_FACING_FRONT, 270)
        addCamera(manager, "1", CameraCharacteristics.LENS_FACING_BACK, 90)
        assertEquals(listOf("1", "0"), cameras(manager))
    }

    @Test
    fun `a style picture is squeezed to the network's size`() {
        val style = Bitmap.createBitmap(300, 100, Bitmap.Config.ARGB_8888).apply { eraseColor(0xffff0000.toInt()) }
        val info = application.catalogue.bundles.getValue("photonas")
        val tensor = styleTensor(info, style)
        assertEquals(1f, tensor.floats.get(0), 1e-3f)
        assertEquals(-1f, tensor.floats.get(3 * 512 * 512 - 1), 1e-3f)
        assertTrue(tensor.bytes.capacity() == 4 * 3 * 512 * 512)
    }
}
