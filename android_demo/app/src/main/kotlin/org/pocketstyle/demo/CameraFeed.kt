package org.pocketstyle.demo

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.Rect
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.Face
import android.hardware.camera2.params.StreamConfigurationMap
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.util.Log
import android.util.Size
import java.io.Closeable
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FaceCrop
import org.pocketstyle.stylizer.YuvFrame

private const val IMAGES = 3 // one being read, two for the camera to write
private const val PATIENCE = 5L // seconds that a feed waits for the one before to let its camera go

/** Held by the feed that has a camera, or opens one: many phones run one camera at a time, and closing takes a while. */
internal val turn = Semaphore(1)

/** What a feed tells; on its own thread. */
interface FeedListener {
    /** @param rotation degrees clockwise from the sensor's picture to the natural way of holding the phone. */
    fun onImage(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean)

    /** The camera could not be opened, was taken by another app, or broke down; the feed, which is given, is closed. */
    fun onLost(feed: CameraFeed)
}

/** The cameras of a device, back ones first. */
fun cameras(manager: CameraManager): List<String> =
    try {
        manager.cameraIdList
            .filter { makesPictures(manager.getCameraCharacteristics(it)) }
            .sortedBy { facing(manager, it) != CameraCharacteristics.LENS_FACING_BACK }
    } catch (error: CameraAccessException) {
        emptyList()
    } catch (error: IllegalArgumentException) { // unplugged meanwhile
        emptyList()
    }

/** Not so those that see depth or infrared alone. */
private fun makesPictures(characteristics: CameraCharacteristics): Boolean {
    val all = characteristics.get(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES) ?: return true
    return CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES_BACKWARD_COMPATIBLE in all
}

private fun facing(manager: CameraManager, id: String): Int? =
    manager.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING)

/** The smallest size with both sides at least `side`, else the largest. */
fun chosenSize(sizes: List<Size>, side: Int): Size =
    sizes.filter { minOf(it.width, it.height) >= side }.minByOrNull { it.width * it.height }
        ?: sizes.maxByOrNull { it.width * it.height }!!

/**
 * One camera's frames, the newest each time, with a crop around the largest face where the phone finds faces.
 *
 * Everything happens on one thread of the feed's own; `close` may be called from any.
 *
 * @param side that frames have at least, and are not much larger.
 * @throws CameraAccessException the camera cannot be asked for what it can.
 * @throws IllegalArgumentException it is gone.
 */
class CameraFeed(context: Context, private val id: String, val side: Int, private val listener: FeedListener) : Closeable {
    private val manager = context.getSystemService(CameraManager::class.java)!!
    private val characteristics = manager.getCameraCharacteristics(id)
    private val mirror = facing(manager, id) == CameraCharacteristics.LENS_FACING_FRONT
    private val rotation = characteristics.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
    private val size = chosenSize(sizes(characteristics.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)), side)
    private val reader = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, IMAGES)
    private val frame = YuvFrame()
    private val faces = FaceCrop(size.width, size.height)
    private var face: Crop? = null
    private var device: CameraDevice? = null
    private var opening = false
    private var closed = false
    private var hasTurn = false
    private val thread = HandlerThread("camera $id").apply { start() } // when nothing can throw any more
    private val handler = Handler(thread.looper)

    override fun close() {
        handler.post(::release)
    }

    @SuppressLint("MissingPermission") // who makes a feed has it; where it is withdrawn, the feed is lost
    private fun open() {
        if (closed) return
        hasTurn = turn.tryAcquire(PATIENCE, TimeUnit.SECONDS) // else the one before hangs: this one tries all the same
        try {
            manager.openCamera(id, opened, handler)
            opening = true
        } catch (error: CameraAccessException) {
            lose(error)
        } catch (error: SecurityException) {
            lose(error)
        } catch (error: IllegalArgumentException) { // unplugged meanwhile
            lose(error)
        }
    }

    private val opened =
        object : CameraDevice.StateCallback() {
            override fun onOpened(camera: CameraDevice) {
                opening = false
                device = camera
                if (closed) return release() // the screen was left meanwhile
                try {
                    start(camera)
                } catch (error: CameraAccessException) {
                    lose(error)
                } catch (error: IllegalStateException) { // disconnected meanwhile
                    lose(error)
                }
            }

            override fun onDisconnected(camera: CameraDevice) {
                opening = false
                device = camera
                lose("disconnected")
            }

            override fun onError(camera: CameraDevice, error: Int) {
                opening = false
                device = camera
                lose("error $error")
            }
        }

    @Suppress("DEPRECATION") // its successor needs Android 9
    private fun start(camera: CameraDevice) {
        val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
        request.addTarget(reader.surface)
        val modes = characteristics.get(CameraCharacteristics.STATISTICS_INFO_AVAILABLE_FACE_DETECT_MODES)
        val simple = CaptureRequest.STATISTICS_FACE_DETECT_MODE_SIMPLE
        if (modes != null && simple in modes) request.set(CaptureRequest.STATISTICS_FACE_DETECT_MODE, simple)
        val session =
            object : CameraCaptureSession.StateCallback() {
                override fun onConfigured(session: CameraCaptureSession) {
                    try {
                        session.setRepeatingRequest(request.build(), results, handler)
                    } catch (error: CameraAccessException) {
                        lose(error)
                    } catch (error: IllegalStateException) { // closed meanwhile
                        lose(error)
                    }
                }

                override fun onConfigureFailed(session: CameraCaptureSession) = lose("no session")
            }
        camera.createCaptureSession(listOf(reader.surface), session, handler)
    }

    private val results =
        object : CameraCaptureSession.CaptureCallback() {
            override fun onCaptureCompleted(session: CameraCaptureSession, request: CaptureRequest, result: TotalCaptureResult) {
                found(result.get(CaptureResult.STATISTICS_FACES).orEmpty())
            }
        }

    /** On the feed's thread, faces in the sensor's active array. */
    internal fun found(faces: Array<out Face>) {
        val largest = faces.maxByOrNull { it.bounds.width() * it.bounds.height() }
        val area = characteristics.get(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE)
        face = if (largest == null || area == null) null else inFrame(largest.bounds, area, size)
    }

    init { // last: the thread needs all of the above
        reader.setOnImageAvailableListener(::read, handler)
        handler.post(::open)
    }

    private fun read(reader: ImageReader) {
        if (closed) return
        val image = reader.acquireLatestImage() ?: return
        image.use {
            frame.set(it)
            listener.onImage(frame, faces.frame(face), rotation, mirror)
        }
    }

    private fun lose(why: Any) {
        if (closed) return release() // closed while it was opened, and refused then
        Log.w("pocketstyle", "camera $id is lost: $why")
        release()
        listener.onLost(this)
    }

    private fun release() {
        closed = true
        device?.close()
        reader.close()
        if (opening) return // until the camera has come, which has to be given back
        if (hasTurn) turn.release()
        hasTurn = false
        thread.quitSafely()
    }

    private fun sizes(map: StreamConfigurationMap?): List<Size> =
        map?.getOutputSizes(ImageFormat.YUV_420_888)?.toList()?.ifEmpty { null } ?: listOf(Size(640, 480))
}

/** A box of the sensor's active array as one of a frame, which is cut from its middle. */
fun inFrame(box: Rect, area: Rect, size: Size): Crop {
    val scale = maxOf(size.width.toFloat() / area.width(), size.height.toFloat() / area.height())
    val left = (box.left - area.exactCenterX()) * scale + size.width / 2f
    val top = (box.top - area.exactCenterY()) * scale + size.height / 2f
    return Crop(left, top, box.width() * scale, box.height() * scale)
}
