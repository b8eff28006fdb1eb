package org.pocketstyle.stylizer

import android.content.res.AssetManager
import java.io.Closeable
import java.io.File
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executor
import java.util.concurrent.Executors

/**
 * Plays one bundle: a picture's tensor in, the stylized picture's tensor out.
 *
 * One thread of its own loads, runs and closes the network, as GPU delegates want it; calls from any other thread
 * wait for that one. The GPU is tried first; where it is refused, the CPU takes over.
 *
 *     Stylizer(assetBuffer(assets, "bundles/toonhead.tflite"), "toonhead").use { stylizer ->
 *         val pixels = FrameTensor(stylizer.info.stylize.inputs[0])
 *         pixels.fill(frame, Crop.centre(frame.width, frame.height), 90, false, input)
 *         stylizer.stylize(input, output)
 *     }
 *
 * Loading takes up to seconds: not on the main thread.
 *
 * @param model the whole file, mapped or direct; unchanged until this is closed.
 * @param file its name, for messages.
 * @param prefer the GPU, or the CPU alone.
 * @throws BundleFormatException the file is no bundle.
 */
class Stylizer(
    model: ByteBuffer,
    file: String,
    runtime: Runtime = TfliteRuntime(),
    prefer: Accelerator = Accelerator.GPU,
) : Closeable {
    val info: BundleInfo = BundleInfo.read(model, file)

    private lateinit var ownerThread: Thread
    private val owner =
        Executors.newSingleThreadExecutor { task ->
            Thread(task, "stylizer ${info.name}").also { ownerThread = it }
        }
    private val inputs = HashMap<String, ByteBuffer>()
    private val outputs = HashMap<String, ByteBuffer>()
    private val statistics = info.stylize.inputs.drop(1).associate { it.name to TensorBuffer(it).bytes }
    private lateinit var network: Network

    /** What runs the network. */
    lateinit var accelerator: Accelerator
        private set

    /** Why it is not the GPU, where that was asked for. */
    var refusal: String? = null
        private set

    /** The thread that owns the network. */
    val executor: Executor
        get() = owner

    init {
        inputs.putAll(statistics)
        try {
            onOwner { load(model, runtime, prefer) }
        } catch (error: Throwable) { // out of memory, too
            owner.shutdown()
            throw error
        }
    }

    /**
     * Draw in the manner of a picture from now on.
     *
     * @param style of `info.encodeStyle`'s input, [1, height, width, 3].
     * @throws IllegalStateException the bundle takes no style.
     */
    fun setStyle(style: TensorBuffer) {
        val encoder = checkNotNull(info.encodeStyle) { "${info.name} takes no style picture" }
        onOwner { network.run(encoder.name, mapOf(encoder.inputs[0].name to style.bytes), statistics) }
    }

    /**
     * Stylize a picture; from `executor` at once, from any other thread when that one is free.
     *
     * @param input of the frame's first input, [1, height, width, 3].
     * @param output of its output, of the same shape; filled.
     * @param frame one of `info.frames`, such as `info.frameFor` finds.
     */
    fun stylize(input: TensorBuffer, output: TensorBuffer, frame: Signature = info.stylize) {
        if (Thread.currentThread() === ownerThread) run(input, output, frame) else onOwner { run(input, output, frame) }
    }

    /** Frees the network when the owner is done with what it has. */
    override fun close() {
        if (owner.isShutdown) return
        owner.execute { network.close() }
        owner.shutdown()
    }

    private fun load(model: ByteBuffer, runtime: Runtime, prefer: Accelerator) {
        if (prefer == Accelerator.GPU) {
            try {
                start(model, runtime, Accelerator.GPU)
                return
            } catch (refused: AcceleratorRefused) {
                refusal = refused.message
            }
        }
        start(model, runtime, Accelerator.CPU)
    }

    /** Load and run once: a delegate compiles then, and may refuse only then. */
    private fun start(model: ByteBuffer, runtime: Runtime, accelerator: Accelerator) {
        network = runtime.load(model, accelerator)
        this.accelerator = accelerator
        try {
            run(TensorBuffer(info.stylize.inputs[0]), TensorBuffer(info.stylize.outputs[0]), info.stylize)
        } catch (error: Throwable) {
            network.close()
            throw error
        }
    }

    private fun run(input: TensorBuffer, output: TensorBuffer, frame: Signature) {
        inputs[frame.inputs[0].name] = input.bytes
        outputs[frame.outputs[0].name] = output.bytes
        network.run(frame.name, inputs, outputs)
    }

    private fun onOwner(task: () -> Unit) {
        try {
            owner.submit(Callable { task() }).get()
        } catch (error: ExecutionException) {
            throw error.cause!!
        }
    }
}

/** An asset's bytes, mapped from the APK, where it has to be stored uncompressed. */
fun assetBuffer(assets: AssetManager, name: String): ByteBuffer =
    assets.openFd(name).use { asset ->
        FileInputStream(asset.fileDescriptor).channel.use {
            it.map(FileChannel.MapMode.READ_ONLY, asset.startOffset, asset.declaredLength)
        }
    }

/** A file's bytes, mapped. */
fun fileBuffer(file: File): ByteBuffer =
    FileInputStream(file).channel.use { it.map(FileChannel.MapMode.READ_ONLY, 0, file.length()) }
