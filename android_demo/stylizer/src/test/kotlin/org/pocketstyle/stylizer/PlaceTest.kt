package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.util.Base64
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Test

class PlaceTest {
    private val cases = JSONArray(golden("places.json")).objects()

    @Test
    fun `the frame that plays a picture is the Python SDK's`() {
        for (case in cases) {
            val (height, width) = case.getJSONArray("picture").ints()
            val found = of(case).frameFor(width, height)
            if (case.isNull("best")) assertNull(found) else assertEquals(best(case), listOf(found!!.height, found.width))
        }
    }

    @Test
    fun `a whole picture lies in it as in Python, there and back`() {
        for (case in cases.filter { !it.isNull("best") }) {
            val (height, width) = case.getJSONArray("picture").ints()
            val frame = signature(best(case))
            val place = Place.of(width, height, frame)
            assertEquals(case.getJSONArray("place").ints(), listOf(place.top, place.left, place.height, place.width))
            val argb = argb(case.getString("rgb"))
            val tensor = TensorBuffer(frame.inputs[0])
            FrameTensor(frame.inputs[0], place).fill(argb, tensor)
            val whole = IntArray(frame.height * frame.width)
            FrameTensor(frame.inputs[0]).read(tensor, whole)
            assertEquals(argb(case.getString("whole")).toList(), whole.toList())
            val back = IntArray(argb.size)
            FrameTensor(frame.inputs[0], place).read(tensor, back)
            assertEquals(argb.toList(), back.toList())
        }
    }

    @Test
    fun `a camera's frame is mirrored around its place, whatever its turn`() {
        val camera = CameraFrame(64, 48)
        val frame = signature(listOf(20, 12))
        val crop = Crop(0f, 0f, 64f, 48f)
        for (rotation in listOf(0, 90, 180, 270)) {
            val turned = rotation % 180 != 0
            val place = if (turned) Place.of(48, 64, frame) else Place.of(64, 48, frame)
            val alone = signature(listOf(place.height, place.width))
            val (wanted, found) = listOf(alone, frame).map { TensorBuffer(it.inputs[0]) }
            FrameTensor(alone.inputs[0]).fill(camera.frame, crop, rotation, true, wanted)
            FrameTensor(frame.inputs[0], place).fill(camera.frame, crop, rotation, true, found)
            val pixels = IntArray(place.height * place.width)
            FrameTensor(frame.inputs[0], place).read(found, pixels)
            val plain = IntArray(pixels.size)
            FrameTensor(alone.inputs[0]).read(wanted, plain)
            assertEquals(plain.toList(), pixels.toList())
            val whole = IntArray(frame.height * frame.width)
            FrameTensor(frame.inputs[0]).read(found, whole)
            if (place.top > 0) {
                val (outside, inside) = listOf(place.top - 1, place.top + 1).map { whole.slice(12 * it until 12 * it + 12) }
                assertEquals(inside, outside)
            }
        }
    }

    @Test
    fun `a centre crop has the frame's proportion`() {
        assertEquals(Crop(0f, 60f, 640f, 360f), Crop.centre(640, 480, 64, 36))
        assertEquals(Crop(140f, 0f, 360f, 480f), Crop.centre(640, 480, 36, 48))
    }

    @Test
    fun `a bundle without a square frame says so`() {
        val wide = of(listOf(listOf(6, 8)))
        assertEquals(8, wide.stylize.width)
        assertThrows(IllegalStateException::class.java) { wide.size }
        assertEquals(8, of(listOf(listOf(6, 4), listOf(8, 8))).size)
    }

    private fun best(case: JSONObject) = case.getJSONArray("best").ints()

    private fun of(case: JSONObject): BundleInfo {
        val frames = case.getJSONArray("frames")
        return of(List(frames.length()) { frames.getJSONArray(it).ints() })
    }

    private fun of(frames: List<List<Int>>) =
        BundleInfo(
            name = "several",
            title = "",
            description = "",
            frames = frames.map(::signature),
            encodeStyle = null,
            fit = Fit.FRAME,
            precision = "fp16",
            family = "cyclegan",
            predictedMs = emptyMap(),
            licence = "",
            attribution = emptyList(),
        )

    private fun signature(frame: List<Int>): Signature {
        val end = { name: String -> TensorInfo(name, listOf(1) + frame + 3, DType.UINT8, 0f, 1f) }
        return Signature("stylize", listOf(end("content")), listOf(end("stylized")))
    }

    private fun argb(rgb: String): IntArray {
        val bytes = ByteBuffer.wrap(Base64.getDecoder().decode(rgb))
        val level = { bytes.get().toInt() and 255 }
        return IntArray(bytes.limit() / 3) { 0xff000000.toInt() or (level() shl 16) or (level() shl 8) or level() }
    }
}

private fun JSONArray.ints(): List<Int> = List(length(), ::getInt)
