package org.pocketstyle.stylizer

import android.content.res.AssetManager
import android.media.Image

/** What docs/android.md shows; that it compiles is all that is tested here. */
fun sample(assets: AssetManager, image: Image, argb: IntArray) {
    val stylizer = Stylizer(assetBuffer(assets, "toonhead.tflite"), "toonhead") // not on the main thread
    val (seen, made) = listOf(stylizer.info.stylize.inputs[0], stylizer.info.stylize.outputs[0])
    val (input, output) = listOf(seen, made).map(::TensorBuffer)
    FrameTensor(seen).fill(YuvFrame().apply { set(image) }, Crop.centre(image.width, image.height), 90, false, input)
    stylizer.stylize(input, output).also { FrameTensor(made).read(output, argb) } // argb: IntArray(size * size)
}
