package org.pocketstyle.stylizer

private const val MARGIN = 1.5f // side of the crop, in those of the face's box (benchmarks/face_boxes.py)
private const val FOLLOW = 0.15f // of the way to a new face, per frame
private const val STILL = 0.06f // of the crop's side: smaller moves are the detector's noise
private const val KEPT = 30 // frames for which a lost face's place is kept

/**
 * The square around a face that portrait networks see, from the boxes that camera2's face statistics give.
 *
 * It follows calmly: noise of the detector does not move it, and a face that is lost for a moment keeps its crop.
 * Phones without face statistics give no boxes; then it is the centre square.
 *
 * One instance serves one thread, the camera's.
 *
 * @param width of the frames as the sensor delivers them, pixels, as `height`.
 */
class FaceCrop(private val width: Int, private val height: Int) {
    private val centre = Crop.centre(width, height)
    private var missed = KEPT
    private var moving = false

    /** In use; at first the centre square. */
    var current: Crop = centre
        private set

    /**
     * Take note of a frame.
     *
     * @param face the largest face's box in the frame; null where none was found.
     * @return the crop for this frame; the same instance as long as it does not move.
     */
    fun frame(face: Crop?): Crop = follow(face?.let(::around))

    /** As `frame`, of what should be seen of the face: its crop. */
    fun follow(wanted: Crop?): Crop {
        missed = if (wanted == null) minOf(missed + 1, KEPT) else 0
        val goal = wanted ?: if (missed < KEPT) current else centre
        val far = STILL * current.width
        if (distance(goal) > far) moving = true
        if (distance(goal) < far / 8) moving = false
        if (moving) {
            current =
                Crop(
                    current.left + FOLLOW * (goal.left - current.left),
                    current.top + FOLLOW * (goal.top - current.top),
                    current.width + FOLLOW * (goal.width - current.width),
                    current.height + FOLLOW * (goal.height - current.height),
                )
        }
        return current
    }

    private fun around(face: Crop): Crop {
        val side = MARGIN * maxOf(face.width, face.height)
        return Crop.square(face.left + face.width / 2, face.top + face.height / 2, side, width, height)
    }

    private fun distance(goal: Crop): Float =
        maxOf(
            Math.abs(goal.left - current.left),
            Math.abs(goal.top - current.top),
            Math.abs(goal.width - current.width),
        )
}
