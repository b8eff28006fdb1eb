package org.pocketstyle.stylizer

import android.media.Image
import java.nio.ByteBuffer

/** What the three planes of a frame mean, by its standard and range. */
enum class YuvColours(
    internal val black: Int,
    internal val luma: Float,
    internal val redOfV: Float,
    internal val greenOfU: Float,
    internal val greenOfV: Float,
    internal val blueOfU: Float,
) {
    /** BT.601 over 0..255, as JPEG has it and as cameras deliver it. */
    FULL_601(0, 1f, 1.402f, -0.344136f, -0.714136f, 1.772f),

    /** BT.601 over 16..235, of videos in standard definition. */
    LIMITED_601(16, 255f / 219, 1.596027f, -0.391762f, -0.812968f, 2.017232f),

    /** BT.709 over 16..235, of videos in high definition. */
    LIMITED_709(16, 255f / 219, 1.792741f, -0.213249f, -0.532909f, 2.112402f),
}

/**
 * A YUV_420_888 frame as Android hands it out: three planes of any row and pixel stride.
 *
 * Mutable and reused, so that a camera's callback allocates none. The buffers are read from index 0, whatever
 * their position; luma is [height, width], the chroma planes half of that, rounded up.
 */
class YuvFrame {
    var width = 0
        private set

    var height = 0
        private set

    internal lateinit var y: ByteBuffer
    internal lateinit var u: ByteBuffer
    internal lateinit var v: ByteBuffer
    internal var yRow = 0
    internal var yPixel = 0
    internal var uvRow = 0
    internal var uvPixel = 0

    /** Point at planes; strides in bytes, those of U and V are one. */
    fun set(
        width: Int,
        height: Int,
        y: ByteBuffer,
        yRow: Int,
        yPixel: Int,
        u: ByteBuffer,
        v: ByteBuffer,
        uvRow: Int,
        uvPixel: Int,
    ) {
        this.width = width
        this.height = height
        this.y = y
        this.u = u
        this.v = v
        this.yRow = yRow
        this.yPixel = yPixel
        this.uvRow = uvRow
        this.uvPixel = uvPixel
    }

    /** Point at the planes of an image, which stays open until the frame has been used. */
    fun set(image: Image) {
        val (y, u, v) = image.planes
        set(image.width, image.height, y.buffer, y.rowStride, y.pixelStride, u.buffer, v.buffer, u.rowStride, u.pixelStride)
    }
}
