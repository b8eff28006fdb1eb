package org.pocketstyle.stylizer

import java.io.File
import java.nio.ByteBuffer
import org.json.JSONArray
import org.json.JSONObject

/** What fixtures/make.py wrote. */
fun golden(name: String): String = Golden.javaClass.getResource("/golden/$name")!!.readText()

private object Golden

/** The shipped bundles. */
fun shipped(): List<File> =
    File("../../sdk/models").listFiles { file -> file.name.endsWith(".tflite") }!!.sorted()

fun bundle(name: String): ByteBuffer = fileBuffer(File("../../sdk/models/$name.tflite"))

fun JSONArray.objects(): List<JSONObject> = List(length(), ::getJSONObject)

fun JSONArray.floats(): FloatArray = FloatArray(length()) { getDouble(it).toFloat() }

fun picture(
    size: Int,
    dtype: DType = DType.FLOAT32,
    mean: Float = if (dtype == DType.UINT8) 0f else 127.5f,
    std: Float = if (dtype == DType.UINT8) 1f else 127.5f,
): TensorInfo = TensorInfo("content", listOf(1, size, size, 3), dtype, mean, std)
