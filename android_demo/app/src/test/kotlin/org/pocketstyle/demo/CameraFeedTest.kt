package org.pocketstyle.demo

import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import java.util.concurrent.Executor
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.YuvFrame
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowCameraManager

/** Cameras that do not open; the last one says that it is disconnected when a test wants it. */
@Implements(CameraManager::class)
class BusyCameras : ShadowCameraManager() {
    @Implementation(minSdk = 35, maxSdk = 35)
    override fun openCameraDeviceUserAsync(
        id: String,
        callback: CameraDevice.StateCallback,
        executor: Executor,
        user: Int,
        importance: Int,
        rotation: Int,
    ): CameraDevice {
        val device = super.openCameraDeviceUserAsync(id, callback, { }, user, importance, rotation)
        disconnect = { executor.execute { callback.onDisconnected(device) } }
        return device
    }

    companion object {
        @Volatile var disconnect: (() -> Unit)? = null
    }
}

/** Cameras whose opening fails in the way that a test chooses. */
@Implements(CameraManager::class)
class FailingCameras : ShadowCameraManager() {
    @Implementation(minSdk = 35, maxSdk = 35)
    override fun openCameraDeviceUserAsync(
        id: String,
        callback: CameraDevice.StateCallback,
        executor: Executor,
        user: Int,
        importance: Int,
        rotation: Int,
    ): CameraDevice = throw failure

    companion object {
        @Volatile lateinit var failure: Exception
    }
}

@RunWith(RobolectricTestRunner::class)
class CameraFeedTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    @Volatile private var lost = false
    private val listener =
        object : FeedListener {
            override fun onImage(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) = Unit

            override fun onLost(feed: CameraFeed) {
                lost = true
            }
        }

    @Test
    @Config(shadows = [BusyCameras::class])
    fun `closed while it is opened, and refused then, it ends and tells nothing`() {
        BusyCameras.disconnect = null
        addCamera(application.getSystemService(CameraManager::class.java)!!, "0", CameraCharacteristics.LENS_FACING_BACK, 90)
        val feed = CameraFeed(application, "0", 128, listener)
        eventually("it is being opened") { BusyCameras.disconnect != null }
        feed.close()
        BusyCameras.disconnect!!()
        eventually("its thread ends") { cameraThreads().isEmpty() }
        assertFalse(lost)
    }

    @Test
    @Config(shadows = [FailingCameras::class])
    fun `a camera that is in use, forbidden or unplugged when it is opened is lost, and no thread is left`() {
        addCamera(application.getSystemService(CameraManager::class.java)!!, "0", CameraCharacteristics.LENS_FACING_BACK, 90)
        val inUse = CameraAccessException(CameraAccessException.CAMERA_IN_USE)
        for (failure in listOf(inUse, SecurityException("withdrawn"), IllegalArgumentException("unplugged"))) {
            FailingCameras.failure = failure
            lost = false
            CameraFeed(application, "0", 128, listener)
            eventually("$failure is told") { lost }
            eventually("its thread ends") { cameraThreads().isEmpty() }
        }
    }

    @Test
    fun `a camera that is gone is an error, and no thread is left`() {
        assertThrows(IllegalArgumentException::class.java) { CameraFeed(application, "gone", 128, listener) }
        assertEquals(emptySet<String>(), cameraThreads())
    }
}
