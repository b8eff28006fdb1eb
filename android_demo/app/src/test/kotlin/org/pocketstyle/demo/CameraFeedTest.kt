package org.pocketstyle.demo

import android.graphics.Rect
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.params.Face
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import java.util.concurrent.atomic.AtomicInteger
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.YuvFrame
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.annotation.RealObject
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowCameraManager
import org.robolectric.shadows.ShadowImageReader

/** Cameras that fail to open where a test says how, else never do; the last one is disconnected when a test wants it. */
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
        failure?.let { throw it }
        opened.incrementAndGet()
        val device = super.openCameraDeviceUserAsync(id, callback, { }, user, importance, rotation)
        disconnect = { executor.execute { callback.onDisconnected(device) } }
        return device
    }

    companion object {
        val opened = AtomicInteger()
        @Volatile var failure: Exception? = null
        @Volatile var disconnect: (() -> Unit)? = null

        /** Before each test. */
        fun prepare() {
            opened.set(0)
            failure = null
            disconnect = null
        }
    }
}

/** Gives one picture, whenever a test says that it has arrived; older ones are not asked for. */
@Implements(ImageReader::class)
class NewestPicture : ShadowImageReader() {
    @RealObject private lateinit var reader: ImageReader

    @Implementation
    protected fun setOnImageAvailableListener(listener: ImageReader.OnImageAvailableListener, handler: Handler) {
        arrive = { handler.post { listener.onImageAvailable(reader) } }
    }

    @Implementation protected fun acquireLatestImage(): Image = rawImage(plain(640, 480, 90), 640, 480)

    @Implementation protected fun acquireNextImage(): Image = error("an older picture")

    companion object {
        @Volatile lateinit var arrive: () -> Unit
    }
}

@RunWith(RobolectricTestRunner::class)
class CameraFeedTest {
    private val application = RuntimeEnvironment.getApplication() as TestApplication
    @Volatile private var lost = false
    private val crops = CopyOnWriteArrayList<Crop>()
    private val listener =
        object : FeedListener {
            override fun onImage(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) {
                assertEquals(listOf(640, 480), listOf(frame.width, frame.height))
                crops += crop
            }

            override fun onLost(feed: CameraFeed) {
                lost = true
            }
        }

    @Before fun prepare() = BusyCameras.prepare()

    @After fun `whoever had a camera gave its turn back`() = assertEquals(1, turn.availablePermits())

    @Test
    @Config(shadows = [BusyCameras::class])
    fun `closed while it is opened, and refused then, it ends and tells nothing`() {
        addCamera(application.getSystemService(CameraManager::class.java)!!, "0", CameraCharacteristics.LENS_FACING_BACK, 90)
        val feed = CameraFeed(application, "0", 128, listener)
        eventually("it is being opened") { BusyCameras.disconnect != null }
        feed.close()
        BusyCameras.disconnect!!()
        eventually("its thread ends") { cameraThreads().isEmpty() }
        assertFalse(lost)
    }

    @Test
    @Config(shadows = [BusyCameras::class])
    fun `a camera is opened when the one before has been let go`() {
        val manager = application.getSystemService(CameraManager::class.java)!!
        for (id in listOf("0", "1")) addCamera(manager, id, CameraCharacteristics.LENS_FACING_BACK, 90)
        val first = CameraFeed(application, "0", 128, listener)
        eventually("it is being opened") { BusyCameras.disconnect != null }
        val letGo = BusyCameras.disconnect!!
        first.close()
        val second = CameraFeed(application, "1", 128, listener)
        Thread.sleep(200)
        assertEquals(1, BusyCameras.opened.get())
        letGo()
        eventually("the other one is being opened") { BusyCameras.opened.get() == 2 && BusyCameras.disconnect !== letGo }
        second.close()
        BusyCameras.disconnect!!()
        eventually("both threads end") { cameraThreads().isEmpty() }
    }

    @Test
    @Config(shadows = [BusyCameras::class, NewestPicture::class])
    fun `the newest pictures come with a crop that follows the largest face`() {
        val characteristics = ShadowCameraCharacteristics.newCameraCharacteristics()
        shadowOf(characteristics).set(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE, Rect(0, 0, 4000, 3000))
        shadowOf(application.getSystemService(CameraManager::class.java)!!).addCamera("0", characteristics)
        val feed = CameraFeed(application, "0", 128, listener)
        eventually("it is being opened") { BusyCameras.disconnect != null }
        NewestPicture.arrive()
        eventually("a picture comes") { crops.isNotEmpty() }
        assertEquals(Crop.centre(640, 480), crops[0])
        feed.found(arrayOf(Face(Rect(0, 0, 300, 300), 50), Face(Rect(2000, 1000, 2600, 1600), 50)))
        repeat(100) { NewestPicture.arrive() }
        eventually("they come") { crops.size == 101 }
        val last = crops.last() // 600 of 4000 are 96 of 640, of which the crop is one and a half
        assertEquals(144f, last.width, 5f)
        assertEquals(2300 * 0.16f, last.left + last.width / 2, 5f)
        assertEquals(1300 * 0.16f, last.top + last.height / 2, 5f)
        feed.close()
        BusyCameras.disconnect!!()
        eventually("its thread ends") { cameraThreads().isEmpty() }
    }

    @Test
    fun `cameras that see depth alone are none`() {
        val manager = application.getSystemService(CameraManager::class.java)!!
        addCamera(manager, "0", CameraCharacteristics.LENS_FACING_BACK, 90)
        val depth = ShadowCameraCharacteristics.newCameraCharacteristics()
        val only = intArrayOf(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES_DEPTH_OUTPUT)
        shadowOf(depth).set(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES, only)
        shadowOf(manager).addCamera("1", depth)
        assertEquals(listOf("0"), cameras(manager))
    }

    @Test
    @Config(shadows = [BusyCameras::class])
    fun `a camera that is in use, forbidden or unplugged when it is opened is lost, and no thread is left`() {
        addCamera(application.getSystemService(CameraManager::class.java)!!, "0", CameraCharacteristics.LENS_FACING_BACK, 90)
        val inUse = CameraAccessException(CameraAccessException.CAMERA_IN_USE)
        for (failure in listOf(inUse, SecurityException("withdrawn"), IllegalArgumentException("unplugged"))) {
            BusyCameras.failure = failure
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
