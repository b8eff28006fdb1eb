package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import org.bytedeco.javacpp.BytePointer
import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.BuiltinOpResolver
import org.bytedeco.tensorflowlite.FlatBufferModel
import org.bytedeco.tensorflowlite.Interpreter
import org.bytedeco.tensorflowlite.InterpreterBuilder
import org.bytedeco.tensorflowlite.SignatureRunner
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.kTfLiteOk

/** TFLite on this computer's CPU; it has no GPU. Versions are chosen in pom.xml. */
class HostRuntime : Runtime {
    override fun load(model: ByteBuffer, accelerator: Accelerator): Network {
        if (accelerator == Accelerator.GPU) throw AcceleratorRefused("this computer has no GPU")
        val bytes = ByteBuffer.allocateDirect(model.limit()).put(model.duplicate().apply { rewind() })
        bytes.rewind()
        val file = FlatBufferModel.BuildFromBuffer(BytePointer(bytes), bytes.limit().toLong())
        val interpreter = Interpreter(null as Pointer?)
        val built = InterpreterBuilder(file, BuiltinOpResolver()).apply(interpreter)
        if (built != kTfLiteOk) throw BundleFormatException("TFLite does not take the file")
        return HostNetwork(bytes, file, interpreter)
    }
}

private class HostNetwork(
    private val bytes: ByteBuffer, // kept: the model reads it
    private val file: FlatBufferModel,
    private val interpreter: Interpreter,
) : Network {
    private val runners = HashMap<String, SignatureRunner>()

    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
        val runner =
            runners.getOrPut(signature) {
                interpreter.GetSignatureRunner(signature).also { check(it.AllocateTensors() == kTfLiteOk) }
            }
        for ((name, buffer) in inputs) memory(runner.input_tensor(name)).put(buffer.duplicate().apply { rewind() })
        check(runner.Invoke() == kTfLiteOk) { "the network failed" }
        for ((name, buffer) in outputs) buffer.duplicate().apply { rewind() }.put(memory(runner.output_tensor(name)))
    }

    override fun close() {
        interpreter.close()
        file.close()
        bytes.clear()
    }

    private fun memory(tensor: TfLiteTensor): ByteBuffer =
        tensor.data().raw().capacity(tensor.bytes()).asByteBuffer()
}
