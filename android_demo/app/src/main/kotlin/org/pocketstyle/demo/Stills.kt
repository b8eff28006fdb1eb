package org.pocketstyle.demo

import android.graphics.Bitmap
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.Stylizer
import org.pocketstyle.stylizer.TensorBuffer

private const val PAINTS = "art-" // families of networks that draw strokes in place of details

/**
 * A picture before and after, ARGB [height, width].
 *
 * @property noFace whether a face was looked for in vain.
 */
class Still(val before: IntArray, val after: IntArray, val width: Int, val height: Int, val noFace: Boolean = false)

/**
 * Stylize a picture as the Python SDK does: a portrait is cut to the square around its largest face, or to its centre; a
 * painting is squeezed into the network's square and comes back at the picture's sides; of a photo the change alone is
 * laid over the picture, whose details stay.
 */
fun stylizeStill(stylizer: Stylizer, picture: Bitmap): Still {
    val info = stylizer.info
    val side = info.size
    val face = if (info.takesStyle) null else faceCrop(picture)
    val cut = if (info.takesStyle) picture else cut(picture, face ?: Crop.centre(picture.width, picture.height))
    val seen = pixelsOf(cut, side, side)
    val input = TensorBuffer(info.stylize.inputs[0])
    val output = TensorBuffer(info.stylize.outputs[0])
    FrameTensor(info.stylize.inputs[0]).fill(seen, input)
    stylizer.stylize(input, output)
    val made = IntArray(side * side)
    FrameTensor(info.stylize.outputs[0]).read(output, made)
    if (!info.takesStyle) return Still(seen, made, side, side, noFace = face == null)
    val (width, height) = picture.width to picture.height
    val before = IntArray(width * height).also { picture.getPixels(it, 0, width, 0, 0, width, height) }
    val after =
        if (info.family.startsWith(PAINTS)) {
            pixelsOf(Bitmap.createBitmap(made, side, side, Bitmap.Config.ARGB_8888), width, height)
        } else {
            laidOver(before, width, height, seen, made, side)
        }
    return Still(before, after, width, height)
}

/**
 * A picture with the change that a network made to a smaller version of it.
 *
 * @param picture ARGB [height, width]. `seen` and `made`: ARGB [side, side], that version before and after.
 */
fun laidOver(picture: IntArray, width: Int, height: Int, seen: IntArray, made: IntArray, side: Int): IntArray {
    val laid = IntArray(picture.size)
    for (row in 0 until height) {
        val y = ((row + 0.5f) * side / height - 0.5f).coerceIn(0f, side - 1f)
        val top = y.toInt()
        val bottom = minOf(top + 1, side - 1)
        for (column in 0 until width) {
            val x = ((column + 0.5f) * side / width - 0.5f).coerceIn(0f, side - 1f)
            val left = x.toInt()
            val right = minOf(left + 1, side - 1)
            var pixel = 0xff shl 24
            for (shift in intArrayOf(16, 8, 0)) {
                val change = { at: Int -> (made[at] shr shift and 255) - (seen[at] shr shift and 255) }
                val above = mixed(change(top * side + left), change(top * side + right), x - left)
                val below = mixed(change(bottom * side + left), change(bottom * side + right), x - left)
                val old = picture[row * width + column] shr shift and 255
                val new = old + above + (y - top) * (below - above)
                pixel = pixel or ((new + 0.5f).coerceIn(0f, 255f).toInt() shl shift)
            }
            laid[row * width + column] = pixel
        }
    }
    return laid
}

private fun mixed(a: Int, b: Int, share: Float): Float = a + share * (b - a)
