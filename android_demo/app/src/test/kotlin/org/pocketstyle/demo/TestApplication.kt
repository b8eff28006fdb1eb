package org.pocketstyle.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.PixelFormat
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.os.Build
import android.os.Looper
import android.view.SurfaceHolder
import android.view.SurfaceView
import android.view.View
import java.io.File
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicLong
import java.util.function.LongSupplier
import org.junit.Assert.fail
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.AcceleratorRefused
import org.pocketstyle.stylizer.HostRuntime
import org.pocketstyle.stylizer.Network
import org.pocketstyle.stylizer.Runtime
import org.pocketstyle.stylizer.YuvFrame
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowSurfaceView
import org.robolectric.util.ReflectionHelpers

/** The app, with a runtime and a clock that a test chooses; at first TFLite on this computer, and its clock. */
class TestApplication : DemoApplication() {
    override var runtime: Runtime = HostRuntime()
    override var clock = LongSupplier(System::nanoTime)

    override fun onCreate() {
        super.onCreate()
        uncaught = null
        Thread.setDefaultUncaughtExceptionHandler { _, error -> uncaught = error } // on a phone the app ends
    }

    companion object {
        @Volatile var uncaught: Throwable? = null
    }
}

/** A clock on which a bundle takes 10 ms a picture and its lighter variants 4; or the bundle 100, when it is hot. */
class HeatingClock(private val heavyBytes: Int) : LongSupplier {
    @Volatile var hot = false
    private val now = AtomicLong()

    /** Takes those times. */
    val runtime = FakeRuntime(pause = { bytes -> now.addAndGet(1_000_000L * if (bytes != heavyBytes) 4 else if (hot) 100 else 10) })

    override fun getAsLong() = now.get()
}

/** A runtime whose networks take a while and give their input back, brightened. */
class FakeRuntime(
    private val gpu: Boolean = true,
    private val pause: (modelBytes: Int) -> Unit = {},
) : Runtime {
    /** Networks that are loaded and not closed. */
    val open = AtomicInteger()

    override fun load(model: ByteBuffer, accelerator: Accelerator): Network {
        if (accelerator == Accelerator.GPU && !gpu) throw AcceleratorRefused("no OpenCL")
        open.incrementAndGet()
        return object : Network {
            override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
                pause(model.limit())
                val content = inputs["content"] ?: return
                val from = content.duplicate().order(content.order()).apply { rewind() }.asFloatBuffer()
                val to = outputs.values.first().let { it.duplicate().order(it.order()).apply { rewind() }.asFloatBuffer() }
                while (from.hasRemaining()) to.put(from.get() + 0.25f)
            }

            override fun close() {
                open.decrementAndGet()
            }
        }
    }
}

/** What the app does where Android says that it is version 9. */
fun onAndroid9(work: () -> Unit) {
    val version = Build.VERSION.SDK_INT
    ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.P)
    try {
        work()
    } finally {
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", version)
    }
}

fun eventually(what: String, isSo: () -> Boolean) {
    val end = System.nanoTime() + 30_000_000_000
    while (System.nanoTime() < end) {
        shadowOf(Looper.getMainLooper()).idle()
        TestApplication.uncaught?.let { throw AssertionError("the app would have ended", it) }
        if (isSo()) return
        Thread.sleep(2)
    }
    fail("never: $what")
}

/** Names of the threads of feeds: what holds a camera, or waits for one. */
fun cameraThreads(): Set<String> =
    Thread.getAllStackTraces().keys.filter { it.name.startsWith("camera ") && it.isAlive }.map { it.name }.toSet()

fun addCamera(manager: CameraManager, id: String, facing: Int, orientation: Int) {
    val characteristics = ShadowCameraCharacteristics.newCameraCharacteristics()
    shadowOf(characteristics).set(CameraCharacteristics.LENS_FACING, facing)
    shadowOf(characteristics).set(CameraCharacteristics.SENSOR_ORIENTATION, orientation)
    shadowOf(manager).addCamera(id, characteristics)
}

fun astronaut(): Bitmap = BitmapFactory.decodeFile("../../demo/astronaut.jpg")

/** A picture as a camera delivers it, upright: BT.601 over 0..255, by the standard's formulas. */
fun cameraFrame(picture: Bitmap): YuvFrame {
    val (width, height) = picture.width / 2 * 2 to picture.height / 2 * 2
    val y = ByteBuffer.allocateDirect(width * height)
    val u = ByteBuffer.allocateDirect(width * height / 4)
    val v = ByteBuffer.allocateDirect(width * height / 4)
    for (row in 0 until height) {
        for (column in 0 until width) {
            val pixel = picture.getPixel(column, row)
            val (r, g, b) = listOf(16, 8, 0).map { (pixel shr it and 255).toDouble() }
            val light = 0.299 * r + 0.587 * g + 0.114 * b
            y.put(row * width + column, light.toInt().toByte())
            if (row % 2 == 0 && column % 2 == 0) {
                val at = row / 2 * (width / 2) + column / 2
                u.put(at, ((b - light) / 1.772 + 128).toInt().coerceIn(0, 255).toByte())
                v.put(at, ((r - light) / 1.402 + 128).toInt().coerceIn(0, 255).toByte())
            }
        }
    }
    return YuvFrame().apply { set(width, height, y, width, 1, u, v, width / 2, 1) }
}

/** A view's own surface, drawn in the computer's memory; on the screen it shows where the view is. */
@Implements(SurfaceView::class)
class DrawnSurface : ShadowSurfaceView() {
    lateinit var shown: Bitmap
        private set

    private var callback: SurfaceHolder.Callback? = null
    private val holder =
        object : FakeSurfaceHolder() {
            override fun addCallback(callback: SurfaceHolder.Callback) {
                this@DrawnSurface.callback = callback
            }

            override fun lockHardwareCanvas(): Canvas = Canvas(shown)
        }

    @Implementation override fun getHolder(): SurfaceHolder = holder

    override fun getFakeSurfaceHolder(): FakeSurfaceHolder = holder

    @Implementation
    protected fun dispatchDraw(canvas: Canvas) = canvas.drawBitmap(shown, 0f, 0f, null)

    fun create(width: Int, height: Int) {
        shown = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        callback!!.surfaceCreated(holder)
        callback!!.surfaceChanged(holder, PixelFormat.RGBA_8888, width, height)
    }

    fun destroy() {
        callback!!.surfaceDestroyed(holder)
        shown.recycle()
    }
}

val FrameView.surface
    get() = Shadow.extract<DrawnSurface>(this)!!

/** Lay a screen out, with a surface for its frames if it has any. */
fun layOut(activity: Activity) {
    val view = activity.window.decorView
    val spec = { pixels: Int -> View.MeasureSpec.makeMeasureSpec(pixels, View.MeasureSpec.EXACTLY) }
    val metrics = activity.resources.displayMetrics
    view.measure(spec(metrics.widthPixels), spec(metrics.heightPixels))
    view.layout(0, 0, metrics.widthPixels, metrics.heightPixels)
    activity.findViewById<FrameView>(R.id.frame)?.let { it.surface.create(it.width, it.height) }
}

/** What a screen looks like, as a PNG in target/screens. */
fun draw(activity: Activity, name: String): Bitmap {
    layOut(activity)
    val metrics = activity.resources.displayMetrics
    val drawn = Bitmap.createBitmap(metrics.widthPixels, metrics.heightPixels, Bitmap.Config.ARGB_8888)
    activity.window.decorView.draw(Canvas(drawn))
    val file = File("target/screens/$name.png").apply { parentFile!!.mkdirs() }
    file.outputStream().use { drawn.compress(Bitmap.CompressFormat.PNG, 100, it) }
    return drawn
}
