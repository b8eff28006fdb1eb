package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class BundleTest {
    @Test
    fun `every shipped bundle says what it is`() {
        for (file in shipped()) {
            val info = BundleInfo.read(fileBuffer(file), file.name)
            assertEquals(file.name, "${info.name}.tflite")
            assertTrue(info.size in listOf(128, 256, 512))
            assertEquals(info.stylize.inputs.size > 1, info.takesStyle)
            assertTrue(info.predictedMs.getValue("s10") > 0)
            assertTrue(info.licence.startsWith("Apache-2.0"))
        }
        assertTrue(BundleInfo.read(bundle("toonhead"), "toonhead").attribution.any { "DiceBear" in it })
    }

    @Test
    fun `a style's statistics come from the encoder`() {
        val info = BundleInfo.read(bundle("photonas"), "photonas")
        val made = info.encodeStyle!!.outputs.map { it.name to it.shape }
        assertEquals(info.stylize.inputs.drop(1).map { it.name to it.shape }, made)
    }

    @Test
    fun `what is no bundle is refused by name`() {
        refused("other.bin is not a TFLite file", ByteArray(100), "other.bin")
        refused("x is not a TFLite file", ByteArray(3))
        refused("x is a TFLite file without pocketstyle metadata", bytes("heads").copyOf(5000))
    }

    @Test
    fun `a damaged or newer bundle is refused`() {
        val json = { text: String -> "\"$text\"".toByteArray() }
        refused("newer pocketstyle", replaced(json("version") + ": 1".toByteArray(), json("version") + ": 9".toByteArray()))
        refused("not of format", replaced(json("pocketstyle-bundle"), json("pocketstyle-bungle")))
        refused("bad metadata", replaced(json("precision"), json("precis10n")))
        refused("not one picture in", replaced("128,".toByteArray(), "129,".toByteArray()))
        refused("damaged", bytes("heads").also { it[it.size - 6] = 127 }) // the zip's offset
    }

    private fun refused(why: String, bytes: ByteArray, file: String = "x") {
        val error =
            assertThrows(BundleFormatException::class.java) { BundleInfo.read(ByteBuffer.wrap(bytes), file) }
        assertTrue(error.message, why in error.message!!)
    }

    private fun bytes(name: String) = bundle(name).let { ByteArray(it.limit()).apply(it::get) }

    private fun replaced(old: ByteArray, new: ByteArray): ByteArray {
        val bytes = bytes("heads")
        val at = (0..bytes.size - old.size).first { i -> old.indices.all { bytes[i + it] == old[it] } }
        new.copyInto(bytes, at)
        return bytes
    }
}
