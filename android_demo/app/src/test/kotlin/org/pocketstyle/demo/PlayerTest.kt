package org.pocketstyle.demo

import java.util.concurrent.CopyOnWriteArrayList
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.AcceleratorRefused
import org.pocketstyle.stylizer.BundleInfo
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.Runtime
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class PlayerTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    private val told = CopyOnWriteArrayList<String>()
    private var runs = 0
    private val listener =
        object : PlayerListener {
            override fun onLoaded(name: String, info: BundleInfo, accelerator: Accelerator, refusal: String?) {
                told += "$name is in use" + refusal?.let { ", by the $accelerator: $it" }.orEmpty()
            }

            override fun onFailed(name: String, error: Throwable) {
                told += "$name: $error"
            }

            override fun onFrame(shown: Shown) {
                told += shown.info.name
            }
        }

    @Test
    fun `once the lighter variant has taken over, no late frame of the heavier one is shown`() {
        val clock = HeatingClock(application.catalogue.buffer("artnet").limit())
        val style = astronaut()
        Player(application.catalogue, clock.runtime, listener, clock).use { player ->
            player.open("artnet", style)
            eventually("it is loaded") { told.isNotEmpty() }
            clock.hot = true
            val frame = cameraFrame(style)
            eventually("the lighter one shows some frames") {
                player.offer(frame, Crop.centre(frame.width, frame.height), 0, false)
                told.count { it == "artnet-256" } > 20
            }
        }
        assertEquals("artnet is in use", told.first())
        val changed = told.indexOf("artnet-256 is in use")
        assertTrue(told.take(changed).count { it == "artnet" } >= 15) // the governor's window
        assertEquals(setOf("artnet-256"), told.drop(changed + 1).toSet())
    }

    @Test
    fun `what the GPU gives up while it plays, the CPU goes on with`() {
        val cpu = FakeRuntime()
        val gpu = FakeRuntime(pause = { if (runs++ > 20) throw AcceleratorRefused("the driver was reset") })
        val runtime = Runtime { model, on -> (if (on == Accelerator.GPU) gpu else cpu).load(model, on) }
        Player(application.catalogue, runtime, listener, System::nanoTime).use { player ->
            player.open("heads", null)
            val frame = cameraFrame(astronaut())
            eventually("the CPU plays") {
                player.offer(frame, Crop.centre(frame.width, frame.height), 0, false)
                told.lastOrNull() == "heads" && told.any { "CPU" in it }
            }
        }
        assertEquals(listOf("heads is in use", "heads is in use, by the CPU: the driver was reset"), told.filter { it != "heads" })
        eventually("all networks are closed") { gpu.open.get() == 0 && cpu.open.get() == 0 }
    }
}
