package org.pocketstyle.stylizer

/**
 * A rectangle of a frame as the sensor delivers it, before it is turned; pixels.
 *
 * Cut to a square, it is stylized; a whole frame is squeezed.
 */
data class Crop(val left: Float, val top: Float, val width: Float, val height: Float) {
    companion object {
        /** The largest centred square. */
        fun centre(width: Int, height: Int): Crop {
            val side = minOf(width, height)
            return Crop((width - side) / 2f, (height - side) / 2f, side.toFloat(), side.toFloat())
        }

        fun whole(width: Int, height: Int): Crop = Crop(0f, 0f, width.toFloat(), height.toFloat())
    }
}
