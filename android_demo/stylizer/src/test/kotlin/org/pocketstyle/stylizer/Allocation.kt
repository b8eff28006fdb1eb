package org.pocketstyle.stylizer

import com.sun.management.ThreadMXBean
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer
import java.util.concurrent.Executors

private val counters = ManagementFactory.getThreadMXBean() as ThreadMXBean

/** Bytes that this thread, and others, allocate meanwhile; counting allocates none itself. */
fun allocated(others: List<Thread> = emptyList(), work: () -> Unit): Long {
    val ids = (others + Thread.currentThread()).map(Thread::getId).toLongArray()
    total(ids)
    val before = total(ids)
    work()
    return total(ids) - before
}

private fun total(ids: LongArray): Long {
    var bytes = 0L
    for (id in ids) bytes += counters.getThreadAllocatedBytes(id)
    return bytes
}

/** A network that does nothing. */
private object NoNetwork : Network {
    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) = Unit

    override fun close() = Unit
}

/** Bytes that a camera's frame allocates on its way through conversion, stylizer, governor and display, all threads. */
fun allocatedPerFrame(frames: Int): Double {
    val stylizer = Stylizer(bundle("heads"), "heads", { _, _ -> NoNetwork })
    val info = stylizer.info
    val (input, output) = listOf(info.stylize.inputs[0], info.stylize.outputs[0])
    val (pixels, seen, made) = listOf(input, input, output).map(::FrameTensor)
    val (before, after) = List(2) { IntArray(info.size * info.size) }
    val governor = FrameRateGovernor(listOf(0.03, 0.01), 30.0)
    val threads = ArrayList<Thread>()
    val showing = Executors.newSingleThreadExecutor { task -> Thread(task).also { threads += it } }
    stylizer.executor.execute { threads += Thread.currentThread() }
    val shown = Shown()
    val pipeline =
        Pipeline(
            info,
            stylizer::stylize,
            stylizer.executor,
            showing,
            { slot ->
                seen.read(slot.input, before)
                made.read(slot.output, after)
                governor.frame(slot.stylizeNanos / 1e9, slot.arrived / 1e9)
                shown.frames++
            },
            { throw it },
        )
    val camera = CameraFrame(320, 240).frame
    val crop = Crop.centre(320, 240)
    val play = {
        for (i in 0 until frames) {
            val next = shown.frames + 1
            pipeline.offer { pixels.fill(camera, crop, 90, true, it) }
            while (shown.frames < next) Thread.yield()
        }
    }
    play() // starts the threads, and is compiled
    val bytes = allocated(threads, play)
    pipeline.close()
    stylizer.close()
    showing.shutdown()
    return bytes.toDouble() / frames
}

private class Shown {
    @Volatile var frames = 0
}
