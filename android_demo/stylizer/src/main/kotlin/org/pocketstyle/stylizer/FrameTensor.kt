package org.pocketstyle.stylizer

import java.nio.ByteBuffer

private const val OPAQUE = 0xff shl 24

/**
 * Turns frames into a network's input, [1, height, width, 3] of float32 or uint8, and its output into ARGB.
 *
 * A crop is resampled bilinearly at the centres of pixels, turned clockwise, mirrored, converted to RGB, clipped
 * to 0..255 and normalised. What depends on the geometry is kept: as long as that stays, a call allocates nothing.
 * Bilinear sampling sees two pixels each way, so ask a camera for a size near the network's; what is shrunk by more
 * than about two gets jagged.
 *
 * One instance serves one thread at a time.
 *
 * @param tensor a picture, [1, height, width, 3].
 * @param place where in it the crop lies, turned; around that it is mirrored, and only that is read. All of it, or a
 *   whole picture's `Place.of`.
 */
class FrameTensor(
    private val tensor: TensorInfo,
    private val place: Place = Place(0, 0, tensor.shape[1], tensor.shape[2]),
) {
    private val height = tensor.shape[1]
    private val width = tensor.shape[2]
    private val pixels = height * width
    private val isFloat = tensor.dtype == DType.FLOAT32
    private val floats = FloatArray(if (isFloat) 3 * pixels else 0)
    private val bytes = ByteArray(if (isFloat) 0 else 3 * pixels)

    private var yPlane = ByteArray(0)
    private var uPlane = ByteArray(0)
    private var vPlane = ByteArray(0)
    private val y = IntArray(pixels)
    private val u = IntArray(pixels)
    private val v = IntArray(pixels)
    private val luma = Taps(width, height, place)
    private val chroma = Taps(width, height, place)
    private val rows = IntArray(height) { place.width * reflected(it - place.top, place.height) }
    private val columns = IntArray(width) { reflected(it - place.left, place.width) }
    private var aimed = Crop(0f, 0f, 0f, 0f)
    private val geometry = IntArray(8)

    /**
     * Convert a frame.
     *
     * @param crop of the frame as the sensor delivers it.
     * @param rotation degrees by which the crop is turned clockwise: 0, 90, 180 or 270.
     * @param mirror whether left and right change places after that.
     * @param out of this tensor; filled.
     * @throws IllegalArgumentException another rotation.
     */
    fun fill(
        frame: YuvFrame,
        crop: Crop,
        rotation: Int,
        mirror: Boolean,
        out: TensorBuffer,
        colours: YuvColours = YuvColours.FULL_601,
    ) {
        aim(frame, crop, rotation, mirror)
        yPlane = copied(frame.y, yPlane)
        uPlane = copied(frame.u, uPlane)
        vPlane = copied(frame.v, vPlane)
        luma.sample(yPlane, y)
        chroma.sample(uPlane, u)
        chroma.sample(vPlane, v)
        val one = 1f / (1 shl FRACTION)
        for (i in 0 until pixels) {
            val light = colours.luma * (one * y[i] - colours.black)
            val blue = one * u[i] - 128
            val red = one * v[i] - 128
            put(
                3 * i,
                light + colours.redOfV * red,
                light + colours.greenOfU * blue + colours.greenOfV * red,
                light + colours.blueOfU * blue,
            )
        }
        write(out)
    }

    /**
     * Convert a picture of the place's size.
     *
     * @param argb [place.height, place.width], opaque.
     * @param out of this tensor; filled.
     */
    fun fill(argb: IntArray, out: TensorBuffer) {
        for (i in 0 until pixels) {
            val pixel = argb[rows[i / width] + columns[i % width]]
            val green = (pixel shr 8 and 255).toFloat()
            put(3 * i, (pixel shr 16 and 255).toFloat(), green, (pixel and 255).toFloat())
        }
        write(out)
    }

    /**
     * The place's pixels of a tensor like this one, rounded and clipped.
     *
     * @param argb [place.height, place.width], filled with opaque pixels.
     */
    fun read(values: TensorBuffer, argb: IntArray) {
        if (isFloat) {
            values.floats.rewind()
            values.floats.get(floats)
        } else {
            values.bytes.rewind()
            values.bytes.get(bytes)
        }
        var i = 0
        for (row in place.top until place.top + place.height) {
            var at = 3 * (row * width + place.left)
            for (column in 0 until place.width) {
                argb[i++] = OPAQUE or (level(at) shl 16) or (level(at + 1) shl 8) or level(at + 2)
                at += 3
            }
        }
    }

    private fun level(at: Int): Int =
        if (isFloat) rounded(floats[at] * tensor.std + tensor.mean) else bytes[at].toInt() and 255

    private fun put(at: Int, red: Float, green: Float, blue: Float) {
        if (isFloat) {
            floats[at] = (clipped(red) - tensor.mean) / tensor.std
            floats[at + 1] = (clipped(green) - tensor.mean) / tensor.std
            floats[at + 2] = (clipped(blue) - tensor.mean) / tensor.std
        } else {
            bytes[at] = rounded(red).toByte()
            bytes[at + 1] = rounded(green).toByte()
            bytes[at + 2] = rounded(blue).toByte()
        }
    }

    private fun write(out: TensorBuffer) {
        if (isFloat) {
            out.floats.rewind()
            out.floats.put(floats)
        } else {
            out.bytes.rewind()
            out.bytes.put(bytes)
        }
    }

    private fun aim(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) {
        val same =
            crop == aimed &&
                geometry[0] == frame.width &&
                geometry[1] == frame.height &&
                geometry[2] == frame.yRow &&
                geometry[3] == frame.yPixel &&
                geometry[4] == frame.uvRow &&
                geometry[5] == frame.uvPixel &&
                geometry[6] == rotation &&
                geometry[7] == (if (mirror) 1 else 0)
        if (same) return
        luma.aim(crop, rotation, mirror, 1f, frame.width, frame.height, frame.yRow, frame.yPixel)
        val width = (frame.width + 1) / 2
        val height = (frame.height + 1) / 2
        chroma.aim(crop, rotation, mirror, 0.5f, width, height, frame.uvRow, frame.uvPixel)
        aimed = crop
        geometry[0] = frame.width
        geometry[1] = frame.height
        geometry[2] = frame.yRow
        geometry[3] = frame.yPixel
        geometry[4] = frame.uvRow
        geometry[5] = frame.uvPixel
        geometry[6] = rotation
        geometry[7] = if (mirror) 1 else 0
    }

    private fun copied(buffer: ByteBuffer, kept: ByteArray): ByteArray {
        buffer.rewind()
        val plane = if (kept.size == buffer.limit()) kept else ByteArray(buffer.limit())
        buffer.get(plane)
        return plane
    }
}

private fun clipped(value: Float): Float = if (value < 0f) 0f else if (value > 255f) 255f else value

private fun rounded(value: Float): Int = (clipped(value) + 0.5f).toInt()
