package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.util.function.BiConsumer
import org.tensorflow.lite.Delegate
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.gpu.GpuDelegate
import org.tensorflow.lite.gpu.GpuDelegateFactory

/**
 * TFLite: its GPU delegate in 16 bits, or its CPU kernels with XNNPACK in 32.
 *
 * @param threads of the CPU's kernels.
 */
class TfliteRuntime(private val threads: Int = defaultThreads()) : Runtime {
    override fun load(model: ByteBuffer, accelerator: Accelerator): Network {
        val delegate = if (accelerator == Accelerator.GPU) gpuDelegate() else null
        val options = Interpreter.Options().setNumThreads(threads).setUseXNNPACK(delegate == null)
        if (delegate != null) options.addDelegate(delegate)
        try {
            return TfliteNetwork(Interpreter(model, options), delegate)
        } catch (error: RuntimeException) { // IllegalState, too, where tensors are not to be had
            (delegate as? AutoCloseable)?.close()
            val why = error.message.orEmpty().lines().first()
            throw if (delegate != null) AcceleratorRefused(why) else BundleFormatException(why)
        }
    }

    private fun gpuDelegate(): Delegate {
        val options =
            GpuDelegateFactory.Options()
                .setPrecisionLossAllowed(true)
                .setInferencePreference(GpuDelegateFactory.Options.INFERENCE_PREFERENCE_SUSTAINED_SPEED)
        try {
            return GpuDelegate(options)
        } catch (error: RuntimeException) {
            throw AcceleratorRefused(error.message.orEmpty())
        } catch (error: UnsatisfiedLinkError) { // no OpenCL, no OpenGL ES 3.1
            throw AcceleratorRefused(error.message.orEmpty())
        }
    }
}

private val REWIND = BiConsumer<String, ByteBuffer> { _, buffer -> buffer.rewind() } // allocates no iterator

private class TfliteNetwork(private val interpreter: Interpreter, private val delegate: Delegate?) : Network {
    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
        inputs.forEach(REWIND)
        outputs.forEach(REWIND)
        try {
            interpreter.runSignature(inputs, outputs, signature)
        } catch (error: IllegalStateException) { // the delegate fails only when it runs
            if (delegate == null) throw error
            throw AcceleratorRefused(error.message.orEmpty().lines().first())
        }
    }

    override fun close() {
        interpreter.close()
        (delegate as? AutoCloseable)?.close()
    }
}

/** Every core but one, which draws; at most 4: networks of phone size gain little past that. */
private fun defaultThreads(): Int = (java.lang.Runtime.getRuntime().availableProcessors() - 1).coerceIn(1, 4)
