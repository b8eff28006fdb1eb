package org.pocketstyle.demo

import android.os.Build
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.Locale
import java.util.function.LongSupplier
import kotlin.math.sqrt
import org.json.JSONArray
import org.json.JSONObject
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.Runtime
import org.pocketstyle.stylizer.fileBuffer

private const val WARM_UP = 3
private const val ROUNDS = 5
private const val STUDENT_T = 2.776 // 97.5 % quantile of Student's t for five rounds
private const val LEAST_RUNS = 5 // of a round, which otherwise takes
private const val ROUND_NANOS = 200_000_000L
private const val KERNELS = "kernels.json"
private val COLUMNS = listOf("device", "backend", "block", "configuration", "kernels", "ms", "spread_ms", "measured")

/**
 * A network to measure.
 *
 * @property name for people.
 * @property kernels its operators, as tables of the speed model have them; null where nobody knows.
 * @property inputs bytes of each, by name, as `outputs`.
 */
class Case(
    val name: String,
    val block: String,
    val configuration: String,
    val kernels: String?,
    val signature: String,
    val inputs: Map<String, Int>,
    val outputs: Map<String, Int>,
    val model: () -> ByteBuffer,
)

/** What a case took: milliseconds of one run, and half of the 95 % interval of that. */
class Timing(val case: Case, val ms: Double, val spreadMs: Double)

/** Every bundle of the catalogue, its styles' encoders left out. */
fun bundleCases(catalogue: Catalogue, assets: (String) -> String): List<Case> {
    val kernels = JSONObject(assets(KERNELS))
    return catalogue.bundles.map { (name, info) ->
        val signature = info.stylize
        Case(
            name,
            "network",
            "name=$name side=${info.size}",
            if (kernels.has(name)) kernels.getString(name) else null,
            signature.name,
            signature.inputs.associate { it.name to it.bytes },
            signature.outputs.associate { it.name to it.bytes },
        ) { catalogue.buffer(name) }
    }
}

/**
 * The networks that `pocketstyle android bench` put on the phone: `blocks.json` says what the files beside it are.
 *
 * @throws IOException there are none.
 */
fun blockCases(folder: File): List<Case> {
    val blocks = JSONArray(File(folder, "blocks.json").readText())
    return List(blocks.length(), blocks::getJSONObject).map { block ->
        val file = block.getString("file")
        val (inputs, outputs) = listOf("inputs", "outputs").map { sizes(block.getJSONObject(it)) }
        Case(file, "block", file, null, block.getString("signature"), inputs, outputs) { fileBuffer(File(folder, file)) }
    }
}

private fun sizes(fields: JSONObject): Map<String, Int> = fields.keys().asSequence().associateWith(fields::getInt)

/**
 * Measure a network, alone on the caller's thread: five rounds, each of five runs or a fifth of a second.
 *
 * @param clock nanoseconds.
 * @throws org.pocketstyle.stylizer.AcceleratorRefused the accelerator does not take it.
 */
fun measure(case: Case, runtime: Runtime, accelerator: Accelerator, clock: LongSupplier): Timing =
    runtime.load(case.model(), accelerator).use { network ->
        val inputs = case.inputs.mapValues { buffer(it.value) }
        val outputs = case.outputs.mapValues { buffer(it.value) }
        val run = { network.run(case.signature, inputs, outputs) }
        repeat(WARM_UP) { run() }
        val rounds = List(ROUNDS) { roundMs(clock, run) }
        val mean = rounds.average()
        val deviation = sqrt(rounds.sumOf { (it - mean) * (it - mean) } / (ROUNDS - 1))
        Timing(case, mean, STUDENT_T * deviation / sqrt(ROUNDS.toDouble()))
    }

private fun roundMs(clock: LongSupplier, run: () -> Unit): Double {
    val began = clock.asLong
    var runs = 0
    while (runs < LEAST_RUNS || clock.asLong - began < ROUND_NANOS) {
        run()
        runs++
    }
    return (clock.asLong - began) / 1e6 / runs
}

private fun buffer(bytes: Int) = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder())

/** The times of some cases on one accelerator, as `pocketstyle android bench` reads them. */
fun timesJson(timings: List<Timing>, accelerator: Accelerator): List<JSONObject> =
    timings.map {
        JSONObject().put("name", it.case.name).put("on", accelerator.name).put("ms", it.ms).put("spread_ms", it.spreadMs)
    }

/** A table that `pocketstyle latency fit` reads; what has no known kernels is left out. */
fun csv(timings: List<Timing>, device: String, accelerator: Accelerator, date: String): String {
    val rows =
        timings.filter { it.case.kernels != null }.map {
            listOf(
                device,
                if (accelerator == Accelerator.GPU) "litert-gpu" else "litert-cpu",
                it.case.block,
                it.case.configuration,
                it.case.kernels!!,
                String.format(Locale.ROOT, "%.6f", it.ms),
                String.format(Locale.ROOT, "%.6f", it.spreadMs),
                date,
            )
        }
    return (listOf(COLUMNS) + rows).joinToString("") { row -> row.joinToString(",", transform = ::quoted) + "\n" }
}

private fun quoted(field: String) = if (field.any { it in ",\"\n" }) "\"${field.replace("\"", "\"\"")}\"" else field

/** The phone as tables call it: its model, and what Android calls its GPU's driver; no serial number. */
fun deviceName(accelerator: Accelerator): String {
    if (accelerator == Accelerator.CPU) return "${Build.MODEL}, CPU"
    val gpu =
        try {
            java.lang.Runtime.getRuntime().exec(arrayOf("getprop", "ro.hardware.egl")).inputStream.reader().readText().trim().lowercase(Locale.ROOT)
        } catch (error: IOException) {
            ""
        }
    return if (gpu.isEmpty()) Build.MODEL else "${Build.MODEL} ($gpu)"
}
