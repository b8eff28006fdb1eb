package org.pocketstyle.stylizer

import java.util.PriorityQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

private const val MS = 1_000_000L

class PipelineTest {
    private val info = BundleInfo.read(bundle("heads"), "heads")
    private val clock = SimulatedClock()
    private val shown = ArrayList<Pair<Int, Long>>() // a frame's number, and its age
    private val errors = ArrayList<Throwable>()
    private val styled = ArrayList<Int>()

    private fun pipeline(stylizeMs: Long, showMs: Long = 1): Pipeline =
        Pipeline(
            info,
            stylize = { input, output ->
                styled += input.bytes.getInt(0)
                clock.pass(stylizeMs * MS)
                output.bytes.putInt(0, input.bytes.getInt(0))
            },
            styling = clock.worker(),
            showing = clock.worker(),
            show = { slot ->
                clock.pass(showMs * MS)
                shown += slot.output.bytes.getInt(0) to clock.now - slot.arrived
            },
            failed = errors::add,
            clock = { clock.now },
        )

    private fun camera(pipeline: Pipeline, frames: Int, everyMs: Long = 33) {
        for (frame in 0 until frames) {
            clock.at(frame * everyMs * MS) { pipeline.offer { it.bytes.putInt(0, frame) } }
        }
        clock.run()
    }

    @Test
    fun `a network that is fast enough misses no frame`() {
        val pipeline = pipeline(stylizeMs = 20)
        camera(pipeline, 60)
        assertEquals((0 until 60).toList(), shown.map { it.first })
        assertEquals(0, pipeline.dropped)
    }

    @Test
    fun `under a slow network the newest frame wins and nothing queues up`() {
        val pipeline = pipeline(stylizeMs = 100)
        camera(pipeline, 300)
        // free every 100 ms: the newest of three or four frames
        assertTrue("${shown.size}", shown.size in 95..105)
        assertEquals(300, shown.size + pipeline.dropped)
        for ((_, age) in shown) assertTrue("$age", age <= 135 * MS) // its own time, a frame's, the show's
        for ((earlier, later) in styled.zipWithNext()) assertTrue(later - earlier in 3..4)
    }

    @Test
    fun `a slow display drops what is stylized, and shows the newest`() {
        val pipeline = pipeline(stylizeMs = 10, showMs = 90)
        camera(pipeline, 200)
        assertEquals(200, styled.size)
        assertEquals(200, shown.size + pipeline.dropped)
        for ((_, age) in shown) assertTrue(age <= (10 + 90 + 33 + 10) * MS)
    }

    @Test
    fun `frames come out in the order in which they came in`() {
        val pipeline = pipeline(stylizeMs = 47, showMs = 38)
        camera(pipeline, 200)
        assertEquals(shown.map { it.first }.sorted(), shown.map { it.first })
    }

    @Test
    fun `a network that fails closes the pipeline and is told once`() {
        val pipeline =
            Pipeline(info, { _, _ -> throw OutOfMemoryError("no room") }, clock.worker(), clock.worker(), {}, errors::add)
        camera(pipeline, 10)
        assertEquals(listOf("no room"), errors.map { it.message })
    }

    @Test
    fun `a frame that cannot be converted leaves its place to others`() {
        val pipeline = pipeline(stylizeMs = 5)
        repeat(20) { assertThrows(IllegalArgumentException::class.java) { pipeline.offer { throw IllegalArgumentException() } } }
        camera(pipeline, 10)
        assertEquals(10, shown.size)
    }

    @Test
    fun `a closed pipeline takes and shows nothing`() {
        val pipeline = pipeline(stylizeMs = 40)
        clock.at(50 * MS) { pipeline.close() }
        camera(pipeline, 10)
        assertTrue(shown.size <= 1)
        assertTrue(styled.size <= 2)
    }

    @Test
    fun `real threads lose no frame and mix none up`() {
        val threads = List(2) { Executors.newSingleThreadExecutor() }
        val mixed = AtomicInteger()
        val last = CountDownLatch(1)
        val pipeline =
            Pipeline(
                info,
                { input, output -> output.bytes.putInt(0, input.bytes.getInt(0)) },
                threads[0],
                threads[1],
                { slot ->
                    if (slot.output.bytes.getInt(0) != slot.input.bytes.getInt(0)) mixed.incrementAndGet()
                    if (slot.output.bytes.getInt(0) == 19_999) last.countDown()
                },
                errors::add,
            )
        for (frame in 0 until 20_000) pipeline.offer { it.bytes.putInt(0, frame) }
        assertTrue("the newest frame is always shown", last.await(20, TimeUnit.SECONDS))
        assertEquals(0, mixed.get())
        assertEquals(emptyList<Throwable>(), errors)
        pipeline.close()
        threads.forEach { it.shutdown() }
    }

    @Test
    fun `a frame allocates no more than the nodes of its executors' queues`() {
        val bytes = allocatedPerFrame(2000)
        assertTrue("$bytes", bytes <= 256) // the tensor of heads: 196,608
    }
}

/**
 * Time that passes only where a test says so, for threads that work side by side: one of them runs at a time, until it
 * waits for a later moment or its task ends.
 */
class SimulatedClock {
    @Volatile
    var now = 0L
        private set

    private class Event(val at: Long, val order: Int, val task: () -> Unit)

    private val events = PriorityQueue<Event>(compareBy({ it.at }, { it.order }))
    private val yielded = Semaphore(0)
    private var count = 0

    fun at(time: Long, task: () -> Unit) {
        events += Event(time, count++, task)
    }

    /** A thread: it does one task after another. */
    fun worker(): Executor {
        val waiting = ArrayDeque<Runnable>()
        var busy = false
        fun next() {
            if (busy) return
            val task = waiting.removeFirstOrNull() ?: return
            busy = true
            val thread = Thread {
                task.run()
                busy = false
                at(now) { next() }
                yielded.release()
            }
            thread.start()
            yielded.acquire()
        }
        return Executor { task ->
            waiting += task
            at(now) { next() }
        }
    }

    /** The worker's task that calls this takes so long. */
    fun pass(nanos: Long) {
        val resumed = Semaphore(0)
        at(now + nanos) {
            resumed.release()
            yielded.acquire()
        }
        yielded.release()
        resumed.acquire()
    }

    /** Until nothing is due any more. */
    fun run() {
        while (events.isNotEmpty()) {
            val event = events.poll()
            now = event.at
            event.task()
        }
    }
}
