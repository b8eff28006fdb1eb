package org.pocketstyle.stylizer

internal const val FRACTION = 6 // bits that a sample keeps behind the point
private const val SHIFT = 11 // bits of a weight
private const val ONE = 1 shl SHIFT
private const val DROPPED = 2 * SHIFT - FRACTION

/**
 * Where each pixel of a frame comes from in a plane, and with what weights: bilinear, at the centres of pixels.
 *
 * A turned crop is no dearer than an upright one: what a column contributes to an address may be rows of the plane.
 */
internal class Taps(private val width: Int, private val height: Int, place: Place) {
    private val columns = Axis(width, place.left, place.width)
    private val rows = Axis(height, place.top, place.height)

    /**
     * @param scale of the plane to the frame: 1 for luma, 0.5 for chroma.
     * @param width of the plane, as `height` in samples.
     */
    fun aim(
        crop: Crop,
        rotation: Int,
        mirror: Boolean,
        scale: Float,
        width: Int,
        height: Int,
        rowStride: Int,
        pixelStride: Int,
    ) {
        val x = Span(scale * crop.left, scale * crop.width, width, pixelStride)
        val y = Span(scale * crop.top, scale * crop.height, height, rowStride)
        // turned clockwise by 90, the top left corner is at the top right
        when (rotation) {
            0 -> columns.along(x, mirror).also { rows.along(y, false) }
            90 -> columns.along(y, !mirror).also { rows.along(x, false) }
            180 -> columns.along(x, !mirror).also { rows.along(y, true) }
            270 -> columns.along(y, mirror).also { rows.along(x, true) }
            else -> throw IllegalArgumentException("a rotation by $rotation degrees; it is 0, 90, 180 or 270")
        }
    }

    /**
     * Resample a plane.
     *
     * @param out [height, width], samples of 0..255 times 2^FRACTION.
     */
    fun sample(plane: ByteArray, out: IntArray) {
        val first = columns.first
        val second = columns.second
        val weight = columns.weight
        var at = 0
        for (row in 0 until height) {
            val top = rows.first[row]
            val bottom = rows.second[row]
            val down = rows.weight[row]
            val up = ONE - down
            for (column in 0 until width) {
                val left = first[column]
                val right = second[column]
                val share = weight[column]
                val above = mixed(plane[top + left], plane[top + right], share)
                val below = mixed(plane[bottom + left], plane[bottom + right], share)
                out[at++] = (above * up + below * down + (1 shl DROPPED - 1)) shr DROPPED
            }
        }
    }

    private fun mixed(a: Byte, b: Byte, share: Int): Int {
        val first = a.toInt() and 255
        return (first shl SHIFT) + ((b.toInt() and 255) - first) * share
    }
}

/** A crop's extent along one axis of a plane: samples, and the bytes from one to the next. */
private class Span(val start: Float, val length: Float, val samples: Int, val stride: Int)

/** One side of a frame, in whose `length` pixels from `start` on the crop lies; beyond them it is mirrored. */
private class Axis(private val size: Int, private val start: Int, private val length: Int) {
    val first = IntArray(size) // offsets of the two samples around each pixel
    val second = IntArray(size)
    val weight = IntArray(size) // of the second, 0..ONE

    fun along(span: Span, backwards: Boolean) {
        for (i in 0 until size) {
            val inside = reflected(i - start, length)
            val place = (if (backwards) length - 1 - inside else inside) + 0.5f
            val sample = (span.start + place * span.length / length - 0.5f).coerceIn(0f, span.samples - 1f)
            val before = sample.toInt()
            first[i] = before * span.stride
            second[i] = minOf(before + 1, span.samples - 1) * span.stride
            weight[i] = ((sample - before) * ONE + 0.5f).toInt()
        }
    }
}
