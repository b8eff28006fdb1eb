package org.pocketstyle.demo

import android.graphics.Bitmap
import android.graphics.Color
import android.media.FaceDetector
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.Stylizer
import org.pocketstyle.stylizer.TensorBuffer
import org.pocketstyle.stylizer.YuvColours
import org.pocketstyle.stylizer.picture
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.util.ReflectionHelpers

private const val BRIGHT = 200

/** Finds the eyes in the middle of what is bright, as far apart as a tenth of the picture's width. */
@Implements(FaceDetector::class)
class BrightFaces {
    @Implementation
    protected fun findFaces(bitmap: Bitmap, faces: Array<FaceDetector.Face?>): Int {
        check(bitmap.config == Bitmap.Config.RGB_565 && bitmap.width % 2 == 0)
        val bright = (0 until bitmap.width * bitmap.height).filter { Color.green(bitmap.getPixel(it % bitmap.width, it / bitmap.width)) > BRIGHT }
        if (bright.isEmpty()) return 0
        val face = ReflectionHelpers.callConstructor(FaceDetector.Face::class.java)
        ReflectionHelpers.setField(face, "mMidPointX", bright.map { it % bitmap.width + 0.5 }.average().toFloat())
        ReflectionHelpers.setField(face, "mMidPointY", bright.map { it / bitmap.width + 0.5 }.average().toFloat())
        ReflectionHelpers.setField(face, "mEyesDist", bitmap.width / 10f)
        faces[0] = face
        return 1
    }
}

@RunWith(RobolectricTestRunner::class)
@Config(shadows = [BrightFaces::class])
class FacesTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication

    /** Dark, with a bright spot around a point. */
    private fun spotted(width: Int, height: Int, x: Int, y: Int, size: Int = 8): Bitmap {
        val made = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888).apply { eraseColor(Color.BLACK) }
        for (row in y - size / 2 until y + size / 2) for (column in x - size / 2 until x + size / 2) made.setPixel(column, row, -1)
        return made
    }

    /** The middle of what is bright, in shares of a square's side. */
    private fun spot(argb: IntArray, side: Int): Pair<Double, Double> {
        val bright = argb.indices.filter { argb[it] and 255 > BRIGHT }
        return bright.map { it % side + 0.5 }.average() / side to bright.map { it / side + 0.5 }.average() / side
    }

    @Test
    fun `a picture's crop is around its face, at the picture's own size`() {
        val crop = faceCrop(spotted(1001, 700, 600, 300))!! // looked at with 640 pixels
        assertEquals(100 / 0.27f, crop.width, 2f)
        assertEquals(600f, crop.left + crop.width / 2, 3f)
        assertEquals(300f, crop.top + 0.4f * crop.height, 3f)
        assertNull(faceCrop(Bitmap.createBitmap(100, 100, Bitmap.Config.ARGB_8888)))
        assertNull(faceCrop(spotted(30, 30, 10, 10)))
    }

    @Test
    fun `a portrait shows the face as networks were trained to see it`() {
        Stylizer(application.catalogue.buffer("heads"), "heads", FakeRuntime()).use {
            val still = stylizeStill(it, spotted(640, 400, 420, 180))
            val (x, y) = spot(still.before, 128)
            assertEquals(0.5, x, 0.02)
            assertEquals(0.4, y, 0.02)
            assertEquals(false, still.noFace)
            assertTrue(stylizeStill(it, Bitmap.createBitmap(640, 400, Bitmap.Config.ARGB_8888)).noFace)
        }
    }

    @Test
    fun `a video's crop follows the face, however its frames lie`() {
        val side = 200
        for ((rotation, place) in mapOf(0 to (80 to 70), 90 to (70 to 120), 180 to (120 to 130), 270 to (130 to 80))) {
            // upright, the spot is at 80, 70 of the square; around that, the stored frame has 60 more columns
            val (x, y) = place
            val stored = cameraFrame(spotted(side + 120, side, x + 60, y))
            val square = Crop(60f, 0f, side.toFloat(), side.toFloat())
            val faces = VideoFaces(square, rotation)
            var crop = square
            repeat(300) { crop = faces.crop(stored, YuvColours.FULL_601) }
            val pixels = FrameTensor(picture(64))
            val tensor = TensorBuffer(picture(64))
            val argb = IntArray(64 * 64)
            pixels.fill(stored, crop, rotation, false, tensor)
            pixels.read(tensor, argb)
            val (across, down) = spot(argb, 64)
            assertEquals("$rotation", 0.5, across, 0.05)
            assertEquals("$rotation", 0.4, down, 0.05)
        }
    }
}
