package org.pocketstyle.stylizer

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/**
 * Memory of a tensor outside the heap, in native order, as an interpreter takes it without a copy.
 *
 * It serves one thread at a time.
 */
class TensorBuffer(info: TensorInfo) {
    val bytes: ByteBuffer = ByteBuffer.allocateDirect(info.bytes).order(ByteOrder.nativeOrder())

    /** The same memory as float32. */
    val floats: FloatBuffer = bytes.asFloatBuffer()
}
