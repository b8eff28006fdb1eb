package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.util.Base64
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

private const val SIZE = 8

class FrameTensorTest {
    private val cases = JSONArray(golden("frames.json")).objects()

    @Test
    fun `frames of every layout, turn and standard give the tensors that Python gives`() {
        for (case in cases) {
            val info = picture(SIZE, DType.valueOf(case.getString("dtype").uppercase()))
            val out = TensorBuffer(info)
            fill(FrameTensor(info), case, out)
            val wanted = case.getJSONArray("values").floats()
            for (i in wanted.indices) {
                val level = if (info.dtype == DType.UINT8) out.bytes.get(i).toInt() and 255 else 0
                val found = if (info.dtype == DType.UINT8) level.toFloat() else out.floats.get(i)
                // one of 255 levels, and half for the rounding of bytes
                val tolerance = if (info.dtype == DType.UINT8) 1f else 1 / 127.5f
                assertEquals("$i of ${case.getString("colours")}", wanted[i], found, tolerance)
            }
        }
    }

    @Test
    fun `one instance follows a geometry that changes`() {
        val info = picture(SIZE)
        val pixels = FrameTensor(info)
        for (case in (cases + cases.reversed()).filter { it.getString("dtype") == "float32" }) {
            val kept = TensorBuffer(info)
            val fresh = TensorBuffer(info)
            fill(pixels, case, kept)
            fill(FrameTensor(info), case, fresh)
            for (i in 0 until 3 * SIZE * SIZE) assertEquals(fresh.floats.get(i), kept.floats.get(i), 0f)
        }
    }

    @Test
    fun `tensors become the pixels that Python rounds to`() {
        for (case in cases) {
            val info = picture(SIZE, DType.valueOf(case.getString("dtype").uppercase()))
            val tensor = TensorBuffer(info)
            case.getJSONArray("values").floats().forEachIndexed { i, value ->
                if (info.dtype == DType.UINT8) tensor.bytes.put(i, Math.round(value).toByte()) else tensor.floats.put(i, value)
            }
            val argb = IntArray(SIZE * SIZE)
            FrameTensor(info).read(tensor, argb)
            argb.forEachIndexed { i, pixel -> near(case.getJSONArray("argb").getLong(i).toInt(), pixel) }
        }
    }

    @Test
    fun `values beyond black and white are clipped`() {
        val info = picture(1)
        val tensor = TensorBuffer(info)
        floatArrayOf(-3f, 0f, 1.2f).forEachIndexed { i, value -> tensor.floats.put(i, value) }
        val argb = IntArray(1)
        FrameTensor(info).read(tensor, argb)
        assertEquals(0xff0080ff.toInt(), argb[0])
    }

    @Test
    fun `pixels there and back are the same`() {
        for (dtype in DType.values()) {
            val info = picture(16, dtype)
            val argb = IntArray(256) { 0xff000000.toInt() or (it * 65793 xor it shl 9 and 0xffffff) }
            val tensor = TensorBuffer(info)
            val back = IntArray(256)
            FrameTensor(info).fill(argb, tensor)
            FrameTensor(info).read(tensor, back)
            assertEquals(argb.toList(), back.toList())
        }
    }

    @Test
    fun `a rotation that is no quarter turn is refused`() {
        val case = cases[0].put("rotation", 45)
        assertThrows(IllegalArgumentException::class.java) {
            fill(FrameTensor(picture(SIZE)), case, TensorBuffer(picture(SIZE)))
        }
    }

    @Test
    fun `frames allocate nothing`() {
        val camera = CameraFrame(640, 480)
        val info = picture(256)
        val pixels = FrameTensor(info)
        val tensor = TensorBuffer(info)
        val argb = IntArray(256 * 256)
        val crop = Crop.centre(640, 480)
        val step = {
            pixels.fill(camera.frame, crop, 90, true, tensor)
            pixels.read(tensor, argb)
        }
        step()
        assertEquals(0L, allocated { repeat(20) { step() } })
    }

    private fun fill(pixels: FrameTensor, case: JSONObject, out: TensorBuffer) {
        val plane = { name: String -> ByteBuffer.wrap(Base64.getDecoder().decode(case.getString(name))) }
        val frame = YuvFrame()
        frame.set(
            case.getInt("width"),
            case.getInt("height"),
            plane("y"),
            case.getInt("y_row"),
            case.getInt("y_pixel"),
            plane("u"),
            plane("v"),
            case.getInt("uv_row"),
            case.getInt("uv_pixel"),
        )
        val (left, top, width, height) = case.getJSONArray("crop").floats().toList()
        val colours = YuvColours.valueOf(case.getString("colours"))
        val crop = Crop(left, top, width, height)
        pixels.fill(frame, crop, case.getInt("rotation"), case.getBoolean("mirror"), out, colours)
    }

    private fun near(wanted: Int, found: Int) {
        for (shift in listOf(0, 8, 16, 24)) {
            assertEquals((wanted ushr shift and 255).toFloat(), (found ushr shift and 255).toFloat(), 1f)
        }
    }
}

/** A frame as cameras deliver them: planes outside the heap, U and V interleaved. */
class CameraFrame(width: Int, height: Int) {
    val frame = YuvFrame()

    init {
        val y = ByteBuffer.allocateDirect(width * height)
        val uv = ByteBuffer.allocateDirect(width * height / 2)
        for (i in 0 until y.limit()) y.put(i, (i * 31).toByte())
        for (i in 0 until uv.limit()) uv.put(i, (i * 17).toByte())
        val v = uv.duplicate().apply { position(1) }.slice()
        frame.set(width, height, y, width, 1, uv, v, width, 2)
    }
}
