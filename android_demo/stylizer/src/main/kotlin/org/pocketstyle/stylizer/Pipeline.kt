package org.pocketstyle.stylizer

import java.util.concurrent.Executor

/**
 * A frame on its way through a `Pipeline`.
 *
 * @property input the frame, [1, size, size, 3]; `output` the same, stylized.
 * @property arrived when its image arrived, nanoseconds of the pipeline's clock.
 * @property convertNanos that the image's conversion took; `stylizeNanos` that the network took.
 */
class FrameSlot internal constructor(info: BundleInfo) {
    val input = TensorBuffer(info.stylize.inputs[0])
    val output = TensorBuffer(info.stylize.outputs[0])
    var arrived = 0L
        internal set

    var convertNanos = 0L
        internal set

    var stylizeNanos = 0L
        internal set
}

/**
 * Three stages that work at the same time: the camera's thread fills frames, the network's stylizes, a third shows.
 *
 * The newest frame wins: what is overtaken while a slower stage works is dropped, so nothing queues up and what is
 * shown is never older than one frame of each stage. Five slots are enough for that, one in each stage and one waiting
 * before each of the last two; no frame allocates another.
 *
 * @param stylize runs on `styling`.
 * @param styling executes tasks one by one, as `showing`.
 * @param show uses a slot on `showing`, until it returns.
 * @param failed told on `styling` what `stylize` threw; the pipeline is closed then.
 * @param clock nanoseconds.
 */
class Pipeline(
    info: BundleInfo,
    private val stylize: (TensorBuffer, TensorBuffer) -> Unit,
    private val styling: Executor,
    private val showing: Executor,
    private val show: (FrameSlot) -> Unit,
    private val failed: (Throwable) -> Unit,
    private val clock: () -> Long = System::nanoTime,
) {
    private val lock = Any()
    private val free = ArrayDeque(List(5) { FrameSlot(info) })
    private var filled: FrameSlot? = null
    private var stylized: FrameSlot? = null
    private var stylingBusy = false
    private var showingBusy = false
    private var closed = false
    private val styleTask = Runnable(::styleNewest)
    private val showTask = Runnable(::showNewest)

    /** Frames that a newer one overtook. */
    @Volatile
    var dropped = 0
        private set

    /**
     * Bring in a frame; on one thread at a time, the camera's.
     *
     * @param fill writes the slot's input.
     */
    fun offer(fill: (TensorBuffer) -> Unit) {
        val slot = synchronized(lock) { if (closed) return else free.removeFirst() }
        slot.arrived = clock()
        fill(slot.input)
        slot.convertNanos = clock() - slot.arrived
        synchronized(lock) {
            release(filled)
            filled = slot
            if (stylingBusy || closed) return
            stylingBusy = true
            styling.execute(styleTask)
        }
    }

    /** Let no more frames in and show none; a stage that works now ends what it does, and no task is executed after. */
    fun close() {
        synchronized(lock) { closed = true }
    }

    private fun styleNewest() {
        val slot = synchronized(lock) {
            val newest = filled
            if (newest == null || closed) {
                stylingBusy = false
                return
            }
            filled = null
            newest
        }
        val began = clock()
        try {
            stylize(slot.input, slot.output)
        } catch (error: Throwable) { // out of memory, too
            close()
            failed(error)
            return
        }
        slot.stylizeNanos = clock() - began
        synchronized(lock) {
            release(stylized)
            stylized = slot
            if (closed) return
            if (!showingBusy) showing.execute(showTask)
            showingBusy = true
            styling.execute(styleTask) // behind what else waits for this thread
        }
    }

    private fun showNewest() {
        val slot = synchronized(lock) {
            val newest = stylized
            if (newest == null || closed) {
                showingBusy = false
                return
            }
            stylized = null
            newest
        }
        show(slot)
        synchronized(lock) {
            free.addLast(slot)
            if (!closed) showing.execute(showTask)
        }
    }

    private fun release(overtaken: FrameSlot?) {
        if (overtaken == null) return
        free.addLast(overtaken)
        dropped++
    }
}
