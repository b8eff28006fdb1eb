package org.pocketstyle.demo

import android.graphics.Bitmap
import android.util.Log
import java.io.Closeable
import java.util.concurrent.Executors
import java.util.concurrent.RejectedExecutionException
import java.util.function.LongSupplier
import org.pocketstyle.stylizer.Accelerator
import org.pocketstyle.stylizer.AcceleratorRefused
import org.pocketstyle.stylizer.BundleInfo
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.FrameRateGovernor
import org.pocketstyle.stylizer.FrameSlot
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.Pipeline
import org.pocketstyle.stylizer.Runtime
import org.pocketstyle.stylizer.Stylizer
import org.pocketstyle.stylizer.TensorBuffer
import org.pocketstyle.stylizer.YuvFrame

private const val FRAMES_PER_SECOND = 24.0 // below, the eye sees single pictures
private const val TRIALS = 3

/** A frame to show; the arrays are the player's, and change with the next one. */
class Shown(val info: BundleInfo) {
    /** ARGB [size, size], as `after`. */
    val before = IntArray(info.size * info.size)
    val after = IntArray(info.size * info.size)
    var convertMs = 0.0
    var stylizeMs = 0.0
    var arrivedNanos = 0L
}

/** What a player tells; from threads of its own. */
interface PlayerListener {
    /** @param name of the bundle in use, in the catalogue. */
    fun onLoaded(name: String, info: BundleInfo, accelerator: Accelerator, refusal: String?)

    /** It cannot be loaded or played: `BundleFormatException`, `OutOfMemoryError`, … */
    fun onFailed(name: String, error: Throwable)

    /** A frame came out, on the thread that shows. */
    fun onFrame(shown: Shown)
}

/**
 * Plays a camera's frames through a bundle, or through the lighter one of its variants when the phone gets hot.
 *
 * `open` and `close` are for the main thread, `offer` for the camera's; bundles load on a thread of their own, and each
 * is run by its stylizer's.
 *
 * @param clock nanoseconds, by which networks are fast or slow.
 */
class Player(
    private val catalogue: Catalogue,
    private val runtime: Runtime,
    private val listener: PlayerListener,
    private val clock: LongSupplier,
) : Closeable {
    private val loading = Executors.newSingleThreadExecutor()
    private val showing = Executors.newSingleThreadExecutor()

    @Volatile private var playing: Playing? = null

    /**
     * Play another bundle from now on; the frames in between are dropped.
     *
     * @param style of the picture that is drawn after; null if the bundle takes none.
     */
    fun open(name: String, style: Bitmap?) = loading.execute { load(name, style, null) }

    /** @param gaveUp why the GPU, which played it, does so no more; null where it may be tried. */
    private fun load(name: String, style: Bitmap?, gaveUp: String?) {
        playing?.close()
        playing = null
        try {
            playing = Playing(name, style, gaveUp)
        } catch (error: Exception) {
            listener.onFailed(name, error)
        } catch (error: OutOfMemoryError) {
            listener.onFailed(name, error)
        } catch (error: LinkageError) { // no TFLite for this processor
            listener.onFailed(name, error)
        }
    }

    /** Bring in a frame, as `FrameTensor.fill` takes it. */
    fun offer(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) {
        playing?.offer(frame, crop, rotation, mirror)
    }

    override fun close() {
        loading.execute {
            playing?.close()
            playing = null
            showing.shutdown()
        }
        loading.shutdown()
    }

    private inner class Playing(private val name: String, private val style: Bitmap?, private val gaveUp: String?) :
        Closeable {
        private val voices: List<Voice>
        private val governor: FrameRateGovernor

        init {
            val opened = LinkedHashMap<String, Stylizer>()
            try {
                for (variant in catalogue.variants(name)) {
                    val prefer = if (gaveUp == null) Accelerator.GPU else Accelerator.CPU
                    val stylizer = Stylizer(catalogue.buffer(variant), variant, runtime, prefer)
                    opened[variant] = stylizer
                    if (style != null) stylizer.setStyle(styleTensor(stylizer.info, style))
                }
                val cool = opened.mapValues { seconds(it.value, clock) }
                val dearestFirst = opened.keys.sortedByDescending(cool::getValue)
                voices = dearestFirst.map { Voice(it, opened.getValue(it)) }
                governor = FrameRateGovernor(dearestFirst.map(cool::getValue), FRAMES_PER_SECOND)
            } catch (error: Throwable) {
                opened.values.forEach(Stylizer::close)
                throw error
            }
            tell()
        }

        @Volatile private var current = voices[governor.place]

        fun offer(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) =
            current.offer(frame, crop, rotation, mirror)

        override fun close() = voices.forEach(Voice::close)

        private fun tell() {
            val voice = voices[governor.place]
            val refusal = gaveUp ?: voice.stylizer.refusal
            listener.onLoaded(voice.name, voice.stylizer.info, voice.stylizer.accelerator, refusal)
        }

        /** On the thread that stylizes: what the GPU gives up, the CPU goes on with. */
        private fun failed(variant: String, error: Throwable) {
            if (error !is AcceleratorRefused) return listener.onFailed(variant, error)
            try {
                loading.execute { if (playing === this) load(name, style, error.message.orEmpty()) }
            } catch (closed: RejectedExecutionException) { // the screen is left
                Log.w("pocketstyle", "$variant: ${error.message}", closed)
            }
        }

        /** On the thread that shows. */
        private fun govern(slot: FrameSlot) {
            val place = governor.frame(slot.stylizeNanos / 1e9, clock.asLong / 1e9)
            if (voices[place] === current) return
            current = voices[place]
            tell()
        }

        /** One of the variants, with its own pipeline. */
        private inner class Voice(val name: String, val stylizer: Stylizer) : Closeable {
            private val pixels = FrameTensor(stylizer.info.stylize.inputs[0])
            private val seen = FrameTensor(stylizer.info.stylize.inputs[0])
            private val made = FrameTensor(stylizer.info.stylize.outputs[0])
            private val shown = Shown(stylizer.info)
            private val pipeline =
                Pipeline(
                    stylizer.info,
                    stylizer::stylize,
                    stylizer.executor,
                    showing,
                    ::show,
                    { failed(name, it) },
                    clock,
                )

            fun offer(frame: YuvFrame, crop: Crop, rotation: Int, mirror: Boolean) {
                pipeline.offer { pixels.fill(frame, crop, rotation, mirror, it) }
            }

            override fun close() {
                pipeline.close()
                stylizer.close()
            }

            private fun show(slot: FrameSlot) {
                if (this !== current) return // of a variant that was replaced meanwhile
                seen.read(slot.input, shown.before)
                made.read(slot.output, shown.after)
                shown.convertMs = slot.convertNanos / 1e6
                shown.stylizeMs = slot.stylizeNanos / 1e6
                shown.arrivedNanos = slot.arrived
                listener.onFrame(shown)
                govern(slot)
            }
        }
    }
}

/** A picture as a style's input, squeezed to its size. */
fun styleTensor(info: BundleInfo, style: Bitmap): TensorBuffer {
    val input = checkNotNull(info.encodeStyle).inputs[0]
    return TensorBuffer(input).also { FrameTensor(input).fill(pixelsOf(style, info.size, info.size), it) }
}

private fun seconds(stylizer: Stylizer, clock: LongSupplier): Double {
    val input = TensorBuffer(stylizer.info.stylize.inputs[0])
    val output = TensorBuffer(stylizer.info.stylize.outputs[0])
    val taken =
        List(TRIALS) {
            val began = clock.asLong
            stylizer.stylize(input, output)
            (clock.asLong - began) / 1e9
        }
    return taken.sorted()[TRIALS / 2]
}
