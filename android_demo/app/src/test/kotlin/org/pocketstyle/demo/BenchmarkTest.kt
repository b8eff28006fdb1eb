package org.pocketstyle.demo

import android.content.Intent
import android.content.pm.PackageManager
import android.widget.TextView
import java.io.File
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicLong
import java.util.function.LongSupplier
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.Runtime
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

@RunWith(RobolectricTestRunner::class)
class BenchmarkTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val folder = application.getExternalFilesDir("benchmark")!!

    @Before
    fun aFastClock() {
        val now = AtomicLong()
        application.clock = LongSupplier { now.addAndGet(10_000_000) }
    }

    private fun controller(vararg extras: Pair<String, Any>): ActivityController<BenchmarkActivity> {
        val intent = Intent(application, BenchmarkActivity::class.java)
        for ((name, value) in extras) if (value is Boolean) intent.putExtra(name, value) else intent.putExtra(name, value as String)
        return Robolectric.buildActivity(BenchmarkActivity::class.java, intent).setup()
    }

    private fun start(vararg extras: Pair<String, Any>): BenchmarkActivity = controller(*extras).get()

    private fun BenchmarkActivity.told() = view<TextView>(R.id.results).text.toString()

    private fun BenchmarkActivity.awaitEnd() = eventually("it is done") { view<TextView>(R.id.run).isEnabled }

    @Test
    fun `every bundle is measured on both, and the tables are written`() {
        application.runtime = FakeRuntime()
        val activity = start("run" to true)
        activity.awaitEnd()
        for (name in application.catalogue.bundles.keys) assertTrue(name, "$name, GPU: " in activity.told() && "$name, CPU: " in activity.told())
        for (table in listOf("bundles-gpu.csv", "bundles-cpu.csv")) {
            assertEquals(1 + application.catalogue.bundles.size, File(folder, table).readLines().size)
            File(folder, table).copyTo(File("target/$table"), overwrite = true) // for the Python test
        }
        assertEquals(2 * application.catalogue.bundles.size, JSONArray(File(folder, "times.json").readText()).length())
        assertTrue(activity.view<TextView>(R.id.export).isEnabled)
    }

    @Test
    fun `a GPU that refuses is told, and leaves no table`() {
        application.runtime = FakeRuntime(gpu = false)
        val activity = start("run" to true)
        activity.awaitEnd()
        assertTrue("refused: no OpenCL" in activity.told())
        assertFalse(File(folder, "bundles-gpu.csv").exists())
        assertTrue(File(folder, "bundles-cpu.csv").exists())
    }

    @Test
    fun `a bundle that fails in its own way does not end the run`() {
        val odd = application.catalogue.buffer("heads").limit()
        application.runtime = FakeRuntime(pause = { bytes -> check(bytes != odd) { "odd" } })
        val activity = start("run" to true, "on" to "CPU")
        activity.awaitEnd()
        assertTrue("heads, CPU: refused: odd" in activity.told())
        assertEquals(application.catalogue.bundles.size - 1, JSONArray(File(folder, "times.json").readText()).length())
    }

    @Test
    fun `on what it does not know nothing is measured`() {
        start("run" to true, "on" to "TPU").awaitEnd()
        assertEquals(0, JSONArray(File(folder, "times.json").readText()).length())
    }

    @Test
    fun `left for good, it measures no more`() {
        val loads = AtomicInteger()
        val left = CountDownLatch(1)
        val networks = FakeRuntime(pause = { if (loads.get() == 2) left.await() })
        application.runtime = Runtime { model, on -> loads.incrementAndGet(); networks.load(model, on) }
        val controller = controller("run" to true)
        eventually("the second one is measured") { loads.get() == 2 }
        controller.pause().stop().destroy()
        left.countDown()
        eventually("that one ends") { networks.open.get() == 0 }
        Thread.sleep(300) // in which the next one would be loaded
        assertEquals(2, loads.get())
        assertFalse(File(folder, "times.json").exists())
    }

    @Test
    fun `below Android 10 the storage is asked for before tables are shared`() {
        application.runtime = FakeRuntime()
        val activity = start("run" to true, "on" to "CPU")
        activity.awaitEnd()
        onAndroid9 { activity.view<TextView>(R.id.export).performClick() }
        assertEquals("android.permission.WRITE_EXTERNAL_STORAGE", shadowOf(activity).lastRequestedPermission.requestedPermissions.single())
        activity.onRequestPermissionsResult(1, arrayOf(), intArrayOf(PackageManager.PERMISSION_GRANTED))
        eventually("they are shared") { shadowOf(activity).nextStartedActivity?.action == Intent.ACTION_CHOOSER }
    }

    @Test
    fun `nothing is measured before it is asked for`() {
        val activity = start()
        assertEquals("", activity.told())
        assertTrue(activity.view<TextView>(R.id.run).isEnabled)
    }

    @Test
    fun `blocks that were put on the phone are measured where it is asked for`() {
        application.runtime = FakeRuntime()
        val blocks = application.getExternalFilesDir("blocks")!!
        File("../../sdk/models/heads.tflite").copyTo(File(blocks, "0.tflite"))
        val block = JSONObject().put("file", "0.tflite").put("signature", "stylize")
        for (side in listOf("inputs", "outputs")) block.put(side, JSONObject().put("content", 64))
        File(blocks, "blocks.json").writeText(JSONArray().put(block).toString())
        start("run" to true, "blocks" to true, "on" to "GPU").awaitEnd()
        val times = JSONArray(File(folder, "times.json").readText())
        assertEquals(1, times.length())
        assertEquals("0.tflite", times.getJSONObject(0).getString("name"))
        assertEquals("GPU", times.getJSONObject(0).getString("on"))
        assertEquals(listOf("times.json"), folder.list()!!.toList()) // whose kernels Python knows, and not the app
    }

    @Test
    fun `no blocks are told`() {
        val activity = start("run" to true, "blocks" to true)
        activity.awaitEnd()
        assertTrue("cannot be read" in activity.told())
    }

    @Test
    fun `times and their spread are those of the rounds`() {
        var now = 0L
        var run = 0
        // runs of 50 ms in the warm-up; then rounds of five runs of 60, 62, 58, 60 and 60 ms
        val lengths = List(3) { 50L } + listOf(60L, 62, 58, 60, 60).flatMap { ms -> List(5) { ms } }
        val runtime = FakeRuntime(pause = { now += 1_000_000 * lengths[run++] })
        val case = Case("a", "b", "c", null, "s", mapOf("content" to 4), mapOf("o" to 4)) { application.catalogue.buffer("heads") }
        val timing = measure(case, runtime, Accelerator.CPU) { now }
        assertEquals(60.0, timing.ms, 1e-9)
        // Student's interval: 2.776 * sqrt(2) / sqrt(5)
        assertEquals(1.7557, timing.spreadMs, 1e-3)
    }

    @Test
    fun `a table's fields are quoted, and what nobody knows the kernels of is left out`() {
        val case = { kernels: String? -> Case("a", "b", "x=1 y=2", kernels, "s", mapOf(), mapOf()) { error("not loaded") } }
        val timings = listOf(Timing(case("ADD 1 1 1 1 1 1 1"), 1.5, 0.25), Timing(case(null), 2.0, 0.1))
        val lines = csv(timings, "Phone, \"X\"", Accelerator.CPU, "2026-11-26").lines()
        assertEquals("\"Phone, \"\"X\"\"\",litert-cpu,b,x=1 y=2,ADD 1 1 1 1 1 1 1,1.500000,0.250000,2026-11-26", lines[1])
        assertEquals(3, lines.size) // the head, a row, the end
    }
}
