package org.pocketstyle.stylizer

import java.util.concurrent.Executor
import java.util.function.LongSupplier

/**
 * A frame on its way through a `Pipeline`.
 *
 * @property input the frame, [1, height, width, 3]; `output` the same, stylized.
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
 * before each of the last two; a frame allocates nothing but the nodes of the executors' queues.
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
    private val clock: LongSupplier = LongSupplier(System::nanoTime), // no boxes, as a function's result would need
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
    inline fun offer(fill: (TensorBuffer) -> Unit) {
        val slot = begin() ?: return
        try {
            fill(slot.input)
        } catch (error: Throwable) {
            giveBack(slot)
            throw error
        }
        bring(slot)
    }

    @PublishedApi
    internal fun begin(): FrameSlot? {
        val slot = synchronized(lock) { if (closed) return null else free.removeFirst() }
        slot.arrived = clock.asLong
        return slot
    }

    @PublishedApi
    internal fun giveBack(slot: FrameSlot) = synchronized(lock) { free.addLast(slot) }

    @PublishedApi
    internal fun bring(slot: FrameSlot) {
        slot.convertNanos = clock.asLong - slot.arrived
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
        val began = clock.asLong
        try {
            stylize(slot.input, slot.output)
        } catch (error: Throwable) { // out of memory, too
            close()
            failed(error)
            return
        }
        slot.stylizeNanos = clock.asLong - began
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
