package org.pocketstyle.demo

import android.graphics.Bitmap
import android.graphics.PointF
import android.media.FaceDetector
import org.pocketstyle.stylizer.Crop
import org.pocketstyle.stylizer.DType
import org.pocketstyle.stylizer.FaceCrop
import org.pocketstyle.stylizer.FrameTensor
import org.pocketstyle.stylizer.TensorBuffer
import org.pocketstyle.stylizer.TensorInfo
import org.pocketstyle.stylizer.YuvColours
import org.pocketstyle.stylizer.YuvFrame

private const val LONGEST = 640 // pixels of a side in which faces are looked for
private const val SMALLEST = 32
private const val MOST = 8 // faces of a picture
private const val SIDE = 320 // of a video's frame in which faces are looked for
private const val EVERY = 10 // frames of a video

/** The crop around the largest face of an upright picture, by Android's own detector; null where it finds none. */
fun faceCrop(picture: Bitmap): Crop? {
    val scale = minOf(1f, LONGEST.toFloat() / maxOf(picture.width, picture.height))
    val width = (scale * picture.width).toInt() / 2 * 2 // the detector takes no odd one
    val height = (scale * picture.height).toInt()
    if (minOf(width, height) < SMALLEST) return null
    val small = Bitmap.createScaledBitmap(picture, width, height, true).copy(Bitmap.Config.RGB_565, false)
    val faces = arrayOfNulls<FaceDetector.Face>(MOST)
    FaceDetector(width, height, MOST).findFaces(small, faces)
    val largest = faces.filterNotNull().maxByOrNull { it.eyesDistance() } ?: return null
    val eyes = PointF().also(largest::getMidPoint)
    val x = eyes.x * picture.width / width
    val y = eyes.y * picture.height / height
    return Crop.aroundEyes(x, y, largest.eyesDistance() * picture.width / width, picture.width, picture.height)
}

/**
 * Follows the largest face of a video's frames, within their centre square.
 *
 * @param square that of the frames as they are stored.
 * @param rotation by which they are turned clockwise to be upright.
 */
class VideoFaces(private val square: Crop, private val rotation: Int) {
    private val side = square.width.toInt()
    private val faces = FaceCrop(side, side) // in the upright square
    private val info = TensorInfo("frame", listOf(1, SIDE, SIDE, 3), DType.UINT8, 0f, 1f)
    private val pixels = FrameTensor(info)
    private val tensor = TensorBuffer(info)
    private val argb = IntArray(SIDE * SIDE)
    private var frames = 0
    private var seen: Crop? = null

    /** The crop of the next frame, as it is stored. */
    fun crop(frame: YuvFrame, colours: YuvColours): Crop {
        if (frames++ % EVERY == 0) seen = look(frame, colours)
        return stored(faces.follow(seen))
    }

    private fun look(frame: YuvFrame, colours: YuvColours): Crop? {
        pixels.fill(frame, square, rotation, false, tensor, colours)
        pixels.read(tensor, argb)
        val found = faceCrop(Bitmap.createBitmap(argb, SIDE, SIDE, Bitmap.Config.ARGB_8888)) ?: return null
        val scale = square.width / SIDE
        return Crop(scale * found.left, scale * found.top, scale * found.width, scale * found.height)
    }

    private fun stored(upright: Crop): Crop {
        val right = side - upright.left - upright.width // of the square: how far from its right border
        val bottom = side - upright.top - upright.height
        val (x, y) =
            when (rotation) {
                90 -> upright.top to right
                180 -> right to bottom
                270 -> bottom to upright.left
                else -> upright.left to upright.top
            }
        return Crop(square.left + x, square.top + y, upright.width, upright.height)
    }
}
