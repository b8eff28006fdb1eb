package org.pocketstyle.stylizer

import java.io.Closeable
import java.nio.ByteBuffer

/** What runs a network. */
enum class Accelerator {
    GPU,
    CPU,
}

/** The accelerator does not take this network on this phone; the message says why. */
class AcceleratorRefused(message: String) : Exception(message)

/** A loaded network. It is made, run and closed on one thread. */
interface Network : Closeable {
    /**
     * Run a signature; the buffers are direct, in native order, and used from their start to their end.
     *
     * @param inputs all of the signature's, by name, as `outputs`.
     * @throws AcceleratorRefused it cannot, on this accelerator.
     */
    fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>)
}

/** Loads networks. */
fun interface Runtime {
    /**
     * @param model the whole file, direct; it stays in use until the network is closed.
     * @throws AcceleratorRefused the accelerator is not to be had, or does not take the network.
     * @throws BundleFormatException the runtime does not take the file.
     */
    fun load(model: ByteBuffer, accelerator: Accelerator): Network
}
