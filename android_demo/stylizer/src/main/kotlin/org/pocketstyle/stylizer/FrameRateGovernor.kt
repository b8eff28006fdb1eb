package org.pocketstyle.stylizer

private const val WINDOW = 15 // frames whose median decides; one slow frame changes nothing
private const val ROOM = 0.8 // of a frame's time that a dearer bundle may be expected to take
private const val PATIENCE = 5.0 // seconds that it has to look so

/**
 * Chooses the dearest of several bundles that holds a frame rate, as the Python SDK's `FrameRateStylizer` does.
 *
 * Where the network in use gets too slow, as on a phone that heats up, the next cheaper one takes its place. A dearer
 * one comes back when the phone is so much faster again that it would leave room, for a while on end: what a bundle
 * takes is expected to grow and fall with what the one in use takes. So it does not swing to and fro between two.
 *
 * One instance serves one thread at a time.
 *
 * @param cool seconds that each bundle took at first, from the dearest to the cheapest.
 * @param framesPerSecond above 0, that the networks alone have to hold.
 */
class FrameRateGovernor(private val cool: List<Double>, framesPerSecond: Double) {
    private val limit = 1 / framesPerSecond
    private val recent = DoubleArray(WINDOW) // the newest take the oldest's places
    private val sorted = DoubleArray(WINDOW)
    private var frames = 0 // since the one in use was chosen
    private var roomySince = Double.NaN // not since any moment

    /** Of the bundle to use, among `cool`. */
    var place = 0
        private set

    init {
        require(framesPerSecond > 0) { "$framesPerSecond frames a second; the rate is above 0" }
        require(cool.isNotEmpty()) { "no bundle to choose from" }
        require(cool.zipWithNext().all { (dearer, cheaper) -> dearer >= cheaper }) {
            "bundles come from the dearest to the cheapest"
        }
        val fast = cool.indexOfFirst { it <= limit }
        start(if (fast < 0) cool.lastIndex else fast)
    }

    /**
     * Take note of a frame.
     *
     * @param seconds that its network took.
     * @param now seconds on a clock that never goes back.
     * @return the place of the bundle to use from now on.
     */
    fun frame(seconds: Double, now: Double): Int {
        recent[frames++ % WINDOW] = seconds
        if (frames >= WINDOW) reconsider(median(), now)
        return place
    }

    private fun median(): Double {
        recent.copyInto(sorted)
        sorted.sort()
        return sorted[WINDOW / 2]
    }

    private fun start(place: Int) {
        this.place = place
        frames = 0
        roomySince = Double.NaN
    }

    private fun reconsider(seconds: Double, now: Double) {
        if (seconds > limit) {
            if (place < cool.lastIndex) start(place + 1)
            return
        }
        val heat = seconds / cool[place]
        if (place == 0 || cool[place - 1] * heat > ROOM * limit) {
            roomySince = Double.NaN
        } else if (roomySince.isNaN()) {
            roomySince = now
        } else if (now - roomySince >= PATIENCE) {
            start(place - 1)
        }
    }
}
