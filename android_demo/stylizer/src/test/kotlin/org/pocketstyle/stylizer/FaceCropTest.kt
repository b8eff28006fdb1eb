package org.pocketstyle.stylizer

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test

class FaceCropTest {
    private val faces = FaceCrop(640, 480)
    private val centre = Crop(80f, 0f, 480f, 480f)

    @Test
    fun `without faces it is the centre square`() {
        repeat(100) { assertEquals(centre, faces.frame(null)) }
    }

    @Test
    fun `it settles around a face, with room for its hair`() {
        val face = Crop(400f, 200f, 100f, 100f)
        repeat(100) { faces.frame(face) }
        val crop = faces.current
        assertEquals(150f, crop.width, 3f)
        assertEquals(450f, crop.left + crop.width / 2, 5f)
        assertEquals(250f, crop.top + crop.height / 2, 5f)
    }

    @Test
    fun `around eyes, they are where networks were trained to see them`() {
        val crop = Crop.aroundEyes(300f, 200f, 54f, 640, 480)
        assertEquals(200f, crop.width, 0.01f) // 54 of 200: .27
        assertEquals(300f, crop.left + crop.width / 2, 0.01f)
        assertEquals(200f, crop.top + 0.4f * crop.height, 0.01f)
        val near = Crop.aroundEyes(20f, 30f, 54f, 640, 480)
        assertEquals(Crop(0f, 0f, near.width, near.width), near)
        assertEquals(480f, Crop.aroundEyes(320f, 200f, 300f, 640, 480).width)
    }

    @Test
    fun `what should be seen is followed as faces are`() {
        val wanted = Crop(100f, 50f, 200f, 200f)
        repeat(200) { faces.follow(wanted) }
        assertEquals(wanted.left, faces.current.left, 3f)
        assertEquals(wanted.width, faces.current.width, 3f)
    }

    @Test
    fun `the detector's noise does not move it`() {
        val face = Crop(300f, 200f, 100f, 100f)
        repeat(100) { faces.frame(face) }
        val still = faces.current
        repeat(50) { assertSame(still, faces.frame(face.copy(left = 300f + it % 5, top = 200f - it % 3))) }
    }

    @Test
    fun `a face that is lost for a moment keeps its crop, one that is gone gives the centre back`() {
        val face = Crop(40f, 60f, 90f, 90f)
        repeat(100) { faces.frame(face) }
        val kept = faces.current
        repeat(20) { assertSame(kept, faces.frame(null)) }
        repeat(200) { faces.frame(null) }
        assertNotEquals(kept, faces.current)
        assertEquals(centre.left, faces.current.left, 5f)
        assertEquals(centre.width, faces.current.width, 5f)
    }

    @Test
    fun `it stays within the frame`() {
        for (face in listOf(Crop(0f, 0f, 50f, 50f), Crop(600f, 440f, 40f, 40f), Crop(100f, 0f, 470f, 470f))) {
            repeat(200) {
                val crop = faces.frame(face)
                assertTrue(crop.left >= 0 && crop.top >= 0)
                assertTrue(crop.left + crop.width <= 640.01f && crop.top + crop.height <= 480.01f)
            }
        }
    }
}
