package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.ln
import kotlin.math.sign
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

private const val FORMAT = "pocketstyle-bundle"
private const val VERSION = 2 // the newest that is read; 1 has no fit
private const val MEMBER = "pocketstyle.json"
private const val ENCODE_STYLE = "encode_style"
private const val ZIP_END = 0x06054b50
private const val ZIP_ENTRY = 0x02014b50
private const val ZIP_LOCAL = 0x04034b50
private const val LONGEST_COMMENT = 0xffff

/** The file is no pocketstyle bundle, damaged, or of another version; the message is one line. */
class BundleFormatException(message: String) : Exception(message)

/** How a tensor holds its values. */
enum class DType(val bytes: Int) {
    FLOAT32(4),
    UINT8(1),
}

/**
 * One input or output of a network: `network value = (pixel - mean) / std` for pixels in 0..255.
 *
 * @property shape NHWC for pictures.
 */
class TensorInfo(
    val name: String,
    val shape: List<Int>,
    val dtype: DType,
    val mean: Float,
    val std: Float,
) {
    val bytes: Int
        get() = shape.fold(dtype.bytes) { product, side -> product * side }
}

/** How a picture is made to fit a frame, as the Python SDK's `Stylizer.stylize` has it. */
enum class Fit {
    CROP,
    STRETCH,
    DETAIL,
    FRAME,
}

/**
 * One callable of the file: its key there, inputs and outputs in order.
 *
 * @property predictedMs the speed model's latencies at this frame, by device; empty in a bundle of one.
 */
class Signature(
    val name: String,
    val inputs: List<TensorInfo>,
    val outputs: List<TensorInfo>,
    val predictedMs: Map<String, Double> = emptyMap(),
) {
    /** Sides of its pictures, pixels. */
    val height: Int
        get() = inputs[0].shape[1]

    val width: Int
        get() = inputs[0].shape[2]
}

/**
 * What a bundle says of itself; the rules are those of the Python SDK's `bundle.py`.
 *
 * @property stylize a picture, then a style's statistics if there are any, to a picture: at the square frame, or the
 *   first where there is none.
 * @property frames the same at every frame of the bundle, from the file's first.
 * @property fit how pictures of other shapes are played; null leaves it to the family.
 * @property encodeStyle a style picture to its statistics; null where the style is built in.
 * @property family of the network, such as "ugatit" or "art-vgg".
 * @property predictedMs the speed model's latencies, by device.
 * @property attribution lines that must travel with the weights.
 */
class BundleInfo(
    val name: String,
    val title: String,
    val description: String,
    val frames: List<Signature>,
    val encodeStyle: Signature?,
    val fit: Fit?,
    val precision: String,
    val family: String,
    val predictedMs: Map<String, Double>,
    val licence: String,
    val attribution: List<String>,
) {
    val stylize: Signature = frames.find { it.width == it.height } ?: frames[0]

    /** Side of the square frame, pixels. Throws IllegalStateException where there is none. */
    val size: Int
        get() = stylize.height.also { check(it == stylize.width) { "$name has no square frame" } }

    /**
     * The frame that plays an upright picture: of its orientation, else the square one; of several the one of the most
     * similar proportion. A square picture takes any.
     *
     * @return null where all of them lie the other way.
     */
    fun frameFor(width: Int, height: Int): Signature? {
        val ratio = ln(width.toDouble() / height)
        val square = frames.filter { it.width == it.height }
        val own = frames.filter { (it.width - it.height).sign == (width - height).sign }
        val fitting = own.ifEmpty { square }.ifEmpty { if (width == height) frames else emptyList() }
        return fitting.minByOrNull { abs(ln(it.width.toDouble() / it.height) - ratio) }
    }

    val takesStyle: Boolean
        get() = encodeStyle != null

    companion object {
        /**
         * Read what a bundle says of itself; the network is not loaded.
         *
         * @param model the whole file; its position and order are left as they are.
         * @param file its name, for messages.
         * @throws BundleFormatException it is no bundle of a picture in, one of its size out.
         */
        fun read(model: ByteBuffer, file: String): BundleInfo {
            val bytes = model.duplicate().order(ByteOrder.LITTLE_ENDIAN)
            if (bytes.limit() < 8 || bytes.text(4, 4) != "TFL3") {
                throw BundleFormatException("$file is not a TFLite file")
            }
            val json =
                try {
                    zipMember(bytes)
                } catch (error: IndexOutOfBoundsException) {
                    throw BundleFormatException("$file is damaged: its metadata cannot be unpacked")
                }
            json ?: throw BundleFormatException("$file is a TFLite file without pocketstyle metadata")
            try {
                return parse(JSONObject(json))
            } catch (error: JSONException) {
                throw BundleFormatException("$file: bad metadata: ${error.message}")
            } catch (error: IllegalArgumentException) {
                throw BundleFormatException("$file: ${error.message}")
            }
        }
    }
}

/** The JSON in the zip that ends the file; null where there is none. */
private fun zipMember(bytes: ByteBuffer): String? {
    var end = bytes.limit() - 22
    val first = maxOf(0, end - LONGEST_COMMENT)
    while (end >= first && bytes.getInt(end) != ZIP_END) end--
    if (end < first) return null
    val size = bytes.getInt(end + 12)
    // some writers count offsets from the start of the zip, others from that of the file
    val start = end - size - bytes.getInt(end + 16)
    var entry = end - size
    repeat(bytes.short(end + 10)) {
        if (bytes.getInt(entry) != ZIP_ENTRY) throw IndexOutOfBoundsException()
        val length = bytes.short(entry + 28)
        if (bytes.text(entry + 46, length) == MEMBER) {
            val local = start + bytes.getInt(entry + 42)
            val stored = bytes.short(entry + 10) == 0
            if (bytes.getInt(local) != ZIP_LOCAL || !stored) throw IndexOutOfBoundsException()
            val data = local + 30 + bytes.short(local + 26) + bytes.short(local + 28)
            return bytes.text(data, bytes.getInt(entry + 20))
        }
        entry += 46 + length + bytes.short(entry + 30) + bytes.short(entry + 32)
    }
    return null
}

private fun ByteBuffer.short(offset: Int): Int = getShort(offset).toInt() and 0xffff

private fun ByteBuffer.text(offset: Int, length: Int): String {
    if (offset < 0 || length < 0 || length > limit() - offset) throw IndexOutOfBoundsException()
    val found = ByteArray(length)
    for (i in found.indices) found[i] = get(offset + i)
    return String(found, Charsets.UTF_8)
}

private fun parse(fields: JSONObject): BundleInfo {
    require(fields.optString("format") == FORMAT) { "its $MEMBER is not of format '$FORMAT'" }
    val version = fields.getInt("version")
    require(version <= VERSION) {
        "made by a newer pocketstyle (bundle version $version, this one reads $VERSION)"
    }
    val signatures = fields.getJSONArray("signatures").objects().map(::signature)
    require(signatures.isNotEmpty()) { "bad metadata: no signatures" }
    val frames = listOf(signatures[0]) + signatures.drop(1).filter { it.name != ENCODE_STYLE }
    for (frame in frames) {
        val (seen, made) = listOf(frame.inputs[0].shape, frame.outputs[0].shape)
        val isPicture = seen.size == 4 && seen[0] == 1 && seen[3] == 3 && minOf(seen[1], seen[2]) > 0
        require(isPicture && made == seen && frame.outputs.size == 1) {
            "signature ${frame.name} is not one picture in, one out"
        }
    }
    val stylize = frames[0]
    val encoder = signatures.find { it.name == ENCODE_STYLE }
    require(stylize.inputs.size == 1 || encoder != null) { "a style's $ENCODE_STYLE is missing" }
    return BundleInfo(
        name = fields.getString("name"),
        title = fields.getString("title"),
        description = fields.getString("description"),
        frames = frames,
        encodeStyle = encoder.takeIf { stylize.inputs.size > 1 },
        fit = if (fields.isNull("fit")) null else fit(fields.getString("fit")),
        precision = fields.getString("precision"),
        family = fields.getJSONObject("spec").getString("family"),
        predictedMs = milliseconds(fields),
        licence = fields.getString("licence"),
        attribution = fields.optJSONArray("attribution")?.let { a -> List(a.length(), a::getString) } ?: emptyList(),
    )
}

private fun signature(fields: JSONObject): Signature {
    val inputs = fields.getJSONArray("inputs").objects().map(::tensor)
    val outputs = fields.getJSONArray("outputs").objects().map(::tensor)
    require(inputs.isNotEmpty() && outputs.isNotEmpty()) { "bad metadata: a signature without tensors" }
    return Signature(fields.getString("name"), inputs, outputs, milliseconds(fields))
}

private fun fit(name: String): Fit =
    Fit.entries.find { it.name.lowercase() == name } ?: throw IllegalArgumentException("bad metadata: fit $name")

private fun milliseconds(fields: JSONObject): Map<String, Double> {
    val predicted = fields.optJSONObject("predicted_ms") ?: JSONObject()
    return predicted.keys().asSequence().associateWith(predicted::getDouble)
}

private fun tensor(fields: JSONObject): TensorInfo {
    val shape = fields.getJSONArray("shape")
    val dtype =
        when (val name = fields.optString("dtype", "float32")) {
            "float32" -> DType.FLOAT32
            "uint8" -> DType.UINT8
            else -> throw IllegalArgumentException("bad metadata: dtype $name")
        }
    val mean = fields.optDouble("mean", 0.0).toFloat()
    val std = fields.optDouble("std", 1.0).toFloat()
    require(std > 0 && (dtype == DType.FLOAT32 || (mean == 0f && std == 1f))) {
        "bad metadata: mean $mean and std $std of a $dtype tensor"
    }
    return TensorInfo(fields.getString("name"), List(shape.length(), shape::getInt), dtype, mean, std)
}

private fun JSONArray.objects(): List<JSONObject> = List(length(), ::getJSONObject)
