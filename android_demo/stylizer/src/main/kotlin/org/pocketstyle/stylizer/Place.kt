package org.pocketstyle.stylizer

/**
 * Where the whole of a picture lies in a network's frame, centred; around it, it is mirrored. The rules are those of
 * the Python SDK's `framing.py`.
 *
 * @property top of the picture in the frame, pixels, as the others.
 */
data class Place(val top: Int, val left: Int, val height: Int, val width: Int) {
    companion object {
        /** As large as it fits, in the proportion of an upright picture of `width` x `height` pixels. */
        fun of(width: Int, height: Int, frame: Signature): Place {
            val scale = minOf(frame.height.toDouble() / height, frame.width.toDouble() / width)
            val high = maxOf(1, (height * scale + 0.5).toInt())
            val wide = maxOf(1, (width * scale + 0.5).toInt())
            return Place((frame.height - high) / 2, (frame.width - wide) / 2, high, wide)
        }
    }
}

/** The place in 0 until length that a place beyond the edges mirrors, as often as it takes. */
internal fun reflected(place: Int, length: Int): Int {
    if (length == 1) return 0
    val folded = Math.floorMod(place, 2 * (length - 1))
    return if (folded < length) folded else 2 * (length - 1) - folded
}
