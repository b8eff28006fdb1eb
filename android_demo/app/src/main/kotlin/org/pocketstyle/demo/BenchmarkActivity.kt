package org.pocketstyle.demo

import android.app.Activity
import android.content.pm.PackageManager
import android.os.Build
import android.os.Bundle
import android.os.PowerManager
import android.view.WindowManager
import android.widget.Button
import android.widget.TextView
import java.io.File
import java.io.IOException
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.concurrent.Executors
import org.json.JSONArray
import org.json.JSONException
import org.pocketstyle.stylizer.Accelerator

private const val ASK_STORAGE = 1

/**
 * Measures every bundle on GPU and CPU and writes a table for each to the app's folder `benchmark`.
 *
 * By intent: `--ez run true` starts at once, `--ez blocks true` measures the folder `blocks` in place of the bundles,
 * `--es on GPU` takes one accelerator alone. `times.json` appears last, whole.
 */
class BenchmarkActivity : Activity() {
    private val worker = Executors.newSingleThreadExecutor()
    private lateinit var results: TextView
    private lateinit var runButton: Button
    private lateinit var export: Button

    @Volatile private var left = false // the screen, for good

    private val demo
        get() = application as DemoApplication

    private val folder
        get() = getExternalFilesDir("benchmark")!!

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.benchmark)
        results = view(R.id.results)
        runButton = view(R.id.run)
        export = view(R.id.export)
        runButton.setOnClickListener { start() }
        export.setOnClickListener { if (maySave(this)) shareTables() else askToSave(this, ASK_STORAGE) }
        export.isEnabled = tables().isNotEmpty()
        results.text = state?.getCharSequence("results")
        if (state == null && intent.getBooleanExtra("run", false)) start()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putCharSequence("results", results.text)
    }

    override fun onDestroy() {
        super.onDestroy()
        left = true
        worker.shutdown()
    }

    override fun onRequestPermissionsResult(code: Int, permissions: Array<String>, results: IntArray) {
        if (results.firstOrNull() == PackageManager.PERMISSION_GRANTED) shareTables() else tell(getString(R.string.no_storage))
    }

    private fun tables(): List<File> = folder.listFiles { file -> file.name.endsWith(".csv") }!!.sorted()

    private fun start() {
        runButton.isEnabled = false
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        results.text = ""
        if (isHot()) tell(getString(R.string.benchmark_hot))
        val blocks = intent.getBooleanExtra("blocks", false)
        val on = intent.getStringExtra("on")
        val accelerators = Accelerator.values().filter { on == null || it.name == on }
        worker.execute {
            try {
                run(if (blocks) blockCases(getExternalFilesDir("blocks")!!) else bundles(), accelerators)
            } catch (error: IOException) {
                tell(getString(R.string.cannot_read, error.message))
            } catch (error: JSONException) {
                tell(getString(R.string.cannot_read, error.message))
            }
            runOnUiThread {
                window.clearFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
                runButton.isEnabled = true
                export.isEnabled = tables().isNotEmpty()
            }
        }
    }

    private fun bundles(): List<Case> =
        bundleCases(demo.catalogue) { assets.open(it).reader().readText() }

    private fun run(cases: List<Case>, accelerators: List<Accelerator>) {
        folder.listFiles()!!.forEach { it.delete() }
        val date = SimpleDateFormat("yyyy-MM-dd", Locale.ROOT).format(Date())
        val times = JSONArray()
        for (accelerator in accelerators) {
            val timings = cases.mapNotNull { if (left) return else timed(it, accelerator) }
            timesJson(timings, accelerator).forEach(times::put)
            if (timings.all { it.case.kernels == null }) continue
            val table = File(folder, "bundles-${accelerator.name.lowercase(Locale.ROOT)}.csv")
            table.writeText(csv(timings, deviceName(accelerator), accelerator, date))
            tell(getString(R.string.benchmark_done, table.name))
        }
        val part = File(folder, "times.part")
        part.writeText(times.toString())
        part.renameTo(File(folder, "times.json"))
    }

    private fun timed(case: Case, accelerator: Accelerator): Timing? =
        try {
            measure(case, demo.runtime, accelerator, demo.clock).also {
                tell(getString(R.string.benchmark_row, case.name, accelerator.name, it.ms, it.spreadMs))
            }
        } catch (error: Exception) { // refused, or a bundle of someone's that fails as nobody foresees
            null.also { tell(getString(R.string.benchmark_refused, case.name, accelerator.name, error.message ?: error.toString())) }
        } catch (error: LinkageError) { // no TFLite for this processor
            null.also { tell(getString(R.string.benchmark_refused, case.name, accelerator.name, error.message)) }
        } catch (error: OutOfMemoryError) {
            null.also { tell(getString(R.string.no_memory, case.name)) }
        }

    private fun tell(line: String) = runOnUiThread { results.append(line + "\n") }

    private fun isHot(): Boolean =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q && thermalStatus() >= PowerManager.THERMAL_STATUS_MODERATE

    @NewerApi private fun thermalStatus(): Int = getSystemService(PowerManager::class.java)!!.currentThermalStatus

    private fun shareTables() {
        worker.execute {
            try {
                val uris = tables().map { saveTable(this, it) }
                runOnUiThread { share(this, uris, "text/csv") }
            } catch (error: IOException) {
                tell(getString(R.string.not_saved, error.message))
            }
        }
    }
}
