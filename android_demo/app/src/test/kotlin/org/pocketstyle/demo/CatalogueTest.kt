package org.pocketstyle.demo

import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class CatalogueTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val own = application.getExternalFilesDir("bundles")!!

    @Test
    fun `the shipped bundles are there, lighter variants under the heavier ones`() {
        val shipped = File("../../sdk/models").list()!!.map { it.removeSuffix(".tflite") }.toSet()
        assertEquals(shipped, application.catalogue.bundles.keys)
        assertFalse("artnet-256" in application.catalogue.choices)
        assertEquals(setOf("artnet", "artnet-256"), application.catalogue.variants("artnet").toSet())
        assertEquals(listOf("heads"), application.catalogue.variants("heads"))
    }

    @Test
    fun `a bundle in the app's folder is there, too, and comes first`() {
        File("../../sdk/models/toonhead.tflite").copyTo(File(own, "mine.tflite"))
        File("../../sdk/models/adventurer.tflite").copyTo(File(own, "heads.tflite"))
        val catalogue = application.catalogue
        assertEquals("toonhead", catalogue.bundles.getValue("mine").name)
        assertEquals("adventurer", catalogue.bundles.getValue("heads").name)
        assertEquals(File(own, "mine.tflite").length().toInt(), catalogue.buffer("mine").limit())
    }

    @Test
    fun `a number in its name alone makes no lighter variant`() {
        File("../../sdk/models/toonhead.tflite").copyTo(File(own, "heads-2.tflite"))
        File("../../sdk/models/artnet-256.tflite").copyTo(File(own, "artnet-128.tflite"))
        val catalogue = application.catalogue
        for (name in listOf("heads-2", "artnet-128")) assertTrue(name, name in catalogue.choices)
        assertEquals(listOf("heads"), catalogue.variants("heads"))
        assertEquals(setOf("artnet", "artnet-256"), catalogue.variants("artnet").toSet())
    }

    @Test
    fun `what is no bundle is left out`() {
        File(own, "broken.tflite").writeText("not a network, but long enough")
        assertFalse("broken" in application.catalogue.bundles)
        assertTrue("heads" in application.catalogue.bundles)
    }
}
