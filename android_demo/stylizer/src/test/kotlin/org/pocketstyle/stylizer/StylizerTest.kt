package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.util.Collections
import java.util.concurrent.CountDownLatch
import java.util.concurrent.RejectedExecutionException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class StylizerTest {
    private val calls = Collections.synchronizedList(ArrayList<String>())
    private val threads = Collections.synchronizedSet(HashSet<Thread>())

    /** Notes what is asked of it, and by whom. */
    private inner class NotedRuntime(val refuseLoad: Boolean = false, val refuseRun: Boolean = false) : Runtime {
        override fun load(model: ByteBuffer, accelerator: Accelerator): Network {
            note("load $accelerator")
            val gpu = accelerator == Accelerator.GPU
            if (gpu && refuseLoad) throw AcceleratorRefused("no OpenCL here")
            return object : Network {
                override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
                    note("run $signature ${inputs.size}")
                    if (gpu && refuseRun) throw AcceleratorRefused("an operator is missing")
                    outputs.values.forEach { it.put(0, 7) }
                }

                override fun close() = note("close $accelerator")
            }
        }

        private fun note(call: String) {
            calls += call
            threads += Thread.currentThread()
        }
    }

    private fun stylizer(runtime: Runtime, name: String = "heads", prefer: Accelerator = Accelerator.GPU) =
        Stylizer(bundle(name), name, runtime, prefer)

    @Test
    fun `the GPU comes first, and is warmed up`() {
        stylizer(NotedRuntime()).use {
            assertEquals(Accelerator.GPU, it.accelerator)
            assertNull(it.refusal)
            assertEquals(listOf("load GPU", "run stylize 1"), calls)
        }
    }

    @Test
    fun `a GPU that refuses to load gives way to the CPU, and why is kept`() {
        stylizer(NotedRuntime(refuseLoad = true)).use {
            assertEquals(Accelerator.CPU, it.accelerator)
            assertEquals("no OpenCL here", it.refusal)
            assertEquals(listOf("load GPU", "load CPU", "run stylize 1"), calls)
        }
    }

    @Test
    fun `a GPU that fails at the first picture is closed and gives way`() {
        stylizer(NotedRuntime(refuseRun = true)).use {
            assertEquals(Accelerator.CPU, it.accelerator)
            assertEquals("an operator is missing", it.refusal)
            assertEquals(listOf("load GPU", "run stylize 1", "close GPU", "load CPU", "run stylize 1"), calls)
        }
    }

    @Test
    fun `who wants the CPU gets it unasked`() {
        stylizer(NotedRuntime(), prefer = Accelerator.CPU).use {
            assertEquals(Accelerator.CPU, it.accelerator)
            assertNull(it.refusal)
            assertEquals(listOf("load CPU", "run stylize 1"), calls)
        }
    }

    @Test
    fun `one thread loads, runs and closes, whoever asks`() {
        val stylizer = stylizer(NotedRuntime(), "photonas")
        val info = stylizer.info
        val (input, output) = listOf(info.stylize.inputs[0], info.stylize.outputs[0]).map(::TensorBuffer)
        List(4) { Thread { stylizer.stylize(input, output) } }.onEach(Thread::start).forEach(Thread::join)
        stylizer.setStyle(TensorBuffer(info.encodeStyle!!.inputs[0]))
        val done = CountDownLatch(1)
        stylizer.executor.execute {
            stylizer.stylize(input, output) // its own thread waits for nobody
            done.countDown()
        }
        done.await()
        stylizer.close()
        while ("close GPU" !in calls) Thread.sleep(1)
        assertEquals(1, threads.size)
        assertTrue(threads.single() !== Thread.currentThread())
        assertEquals(6, calls.count { it == "run stylize 5" }) // with four statistics; one is the warm-up
        assertEquals(1, calls.count { it == "run encode_style 1" })
        assertEquals(7.toByte(), output.bytes.get(0))
    }

    @Test
    fun `a closed one refuses`() {
        val stylizer = stylizer(NotedRuntime())
        repeat(2) { stylizer.close() }
        val tensor = TensorBuffer(stylizer.info.stylize.inputs[0])
        assertThrows(RejectedExecutionException::class.java) { stylizer.stylize(tensor, tensor) }
    }

    @Test
    fun `a bundle without a style encoder takes no style`() {
        stylizer(NotedRuntime()).use { stylizer ->
            val style = TensorBuffer(stylizer.info.stylize.inputs[0])
            assertThrows(IllegalStateException::class.java) { stylizer.setStyle(style) }
        }
    }

    @Test
    fun `no memory is told to who loads`() {
        val runtime = Runtime { _, _ -> throw OutOfMemoryError("no room") }
        assertThrows(OutOfMemoryError::class.java) { stylizer(runtime) }
    }

    @Test
    fun `a file that TFLite does not take is told to who loads`() {
        val runtime = Runtime { _, _ -> throw BundleFormatException("x") }
        assertThrows(BundleFormatException::class.java) { stylizer(runtime) }
    }
}
