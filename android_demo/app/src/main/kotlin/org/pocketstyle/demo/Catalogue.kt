package org.pocketstyle.demo

import android.content.Context
import android.util.Log
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import org.pocketstyle.stylizer.BundleFormatException
import org.pocketstyle.stylizer.BundleInfo
import org.pocketstyle.stylizer.assetBuffer
import org.pocketstyle.stylizer.fileBuffer

private const val FOLDER = "bundles"
private const val SUFFIX = ".tflite"
private val LIGHTER = Regex("(.+)-(\\d+)") // artnet-256 is artnet for pictures of 256 pixels

/**
 * The bundles at hand: those in the APK, and those in the app's own folder on the phone, which adb and
 * file managers can write to. What is no bundle is left out; the log says why.
 */
class Catalogue(private val context: Context) {
    private val own = File(context.getExternalFilesDir(null), FOLDER)
    private val packed = context.assets.list(FOLDER)!!.filter { it.endsWith(SUFFIX) }

    /** By name, in order. */
    val bundles: Map<String, BundleInfo> =
        (packed + own.list().orEmpty().filter { it.endsWith(SUFFIX) })
            .map { it.removeSuffix(SUFFIX) }
            .distinct()
            .sorted()
            .mapNotNull { name -> info(name)?.let { name to it } }
            .toMap()

    /** What a person chooses from: lighter variants come by themselves. */
    val choices: List<String> = bundles.keys.filter { (heavier(it) ?: it) == it }

    /** A bundle and its lighter variants, in no order. */
    fun variants(name: String): List<String> = bundles.keys.filter { it == name || heavier(it) == name }

    /** The whole file, mapped; a file of the app's folder comes before one of the APK. */
    fun buffer(name: String): ByteBuffer {
        val file = File(own, name + SUFFIX)
        return if (file.exists()) fileBuffer(file) else assetBuffer(context.assets, "$FOLDER/$name$SUFFIX")
    }

    private fun heavier(name: String): String? {
        val (base, size) = LIGHTER.matchEntire(name)?.destructured ?: return null
        val (lighter, heavier) = bundles.getValue(name) to (bundles[base] ?: return null)
        val isVariant = lighter.family == heavier.family && lighter.size < heavier.size && "${lighter.size}" == size
        return base.takeIf { isVariant }
    }

    private fun info(name: String): BundleInfo? =
        try {
            BundleInfo.read(buffer(name), name).also { it.size } // the app plays the square frame
        } catch (error: BundleFormatException) {
            null.also { Log.w("pocketstyle", error.message, error) }
        } catch (error: IllegalStateException) { // there is none
            null.also { Log.w("pocketstyle", error.message, error) }
        } catch (error: IOException) {
            null.also { Log.w("pocketstyle", "$name: ${error.message}", error) }
        }
}
