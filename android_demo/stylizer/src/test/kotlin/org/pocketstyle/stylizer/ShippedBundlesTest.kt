package org.pocketstyle.stylizer

import java.io.File
import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.cos
import kotlin.math.sin
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Test

/** The shipped bundles under a TFLite that is no newer than the app's, against Python's LiteRT. */
class ShippedBundlesTest {
    private val wanted = JSONObject(golden("bundles.json"))

    @Test
    fun `they give what Python's interpreter gives`() {
        assertEquals(shipped().map { it.nameWithoutExtension }.toSet(), wanted.keySet())
        val furthest = JSONObject()
        for (file in shipped()) {
            Stylizer(fileBuffer(file), file.name, HostRuntime()).use { stylizer ->
                val info = stylizer.info
                info.encodeStyle?.let { stylizer.setStyle(wave(it.inputs[0], 5)) }
                val output = TensorBuffer(info.stylize.outputs[0])
                stylizer.stylize(wave(info.stylize.inputs[0], 3), output)
                val case = wanted.getJSONObject(info.name)
                val off =
                    case.getJSONArray("values").floats().mapIndexed { i, value ->
                        val found = output.floats.get(i * case.getInt("step"))
                        assertEquals("$i of ${info.name}", value, found, 1e-3f)
                        abs(found - value)
                    }
                furthest.put(info.name, off.max().toDouble())
            }
        }
        File("target/parity.json").writeText(furthest.toString()) // for benchmarks/android.py
    }

    private fun wave(info: TensorInfo, waves: Int): TensorBuffer {
        val size = info.shape[1]
        val tensor = TensorBuffer(info)
        for (i in 0 until 3 * size * size) {
            val x = (i / 3 % size).toDouble() / size
            val y = (i / 3 / size).toDouble() / size
            val c = i % 3
            val value = sin(2 * PI * (waves * x + c / 3.0)) * cos(2 * PI * waves * y * (c + 1) / 2)
            tensor.floats.put(i, value.toFloat())
        }
        return tensor
    }
}
