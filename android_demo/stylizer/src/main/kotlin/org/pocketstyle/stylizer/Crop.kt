package org.pocketstyle.stylizer

// of a crop's side, as the Python SDK's alignment.py has them
private const val EYES = 0.27f // between the pupils
private const val EYE_HEIGHT = 0.4f

/**
 * A rectangle of a frame as the sensor delivers it, before it is turned; pixels.
 *
 * It is stretched over a network's frame, or over the `Place` of a whole picture in it.
 */
data class Crop(val left: Float, val top: Float, val width: Float, val height: Float) {
    companion object {
        /** The largest centred square. */
        fun centre(width: Int, height: Int): Crop = centre(width, height, 1, 1)

        /** The largest centred rectangle in the proportion of a frame that is turned like the sensor. */
        fun centre(width: Int, height: Int, frameWidth: Int, frameHeight: Int): Crop {
            val wide = minOf(width.toFloat(), height.toFloat() * frameWidth / frameHeight)
            val high = minOf(height.toFloat(), width.toFloat() * frameHeight / frameWidth)
            return Crop((width - wide) / 2, (height - high) / 2, wide, high)
        }

        /**
         * What portrait networks were trained to see: a square with its pupils at two fifths of its height.
         *
         * @param x of the point between the pupils, as `y` in an upright picture of `width` x `height` pixels.
         * @param distance of the pupils.
         */
        fun aroundEyes(x: Float, y: Float, distance: Float, width: Int, height: Int): Crop {
            val side = distance / EYES
            return square(x, y + (0.5f - EYE_HEIGHT) * side, side, width, height)
        }

        /** The square around a point, moved into the picture where it reaches out of it. */
        internal fun square(x: Float, y: Float, side: Float, width: Int, height: Int): Crop {
            val fits = side.coerceAtMost(minOf(width, height).toFloat())
            val left = (x - fits / 2).coerceIn(0f, width - fits)
            val top = (y - fits / 2).coerceIn(0f, height - fits)
            return Crop(left, top, fits, fits)
        }
    }
}
