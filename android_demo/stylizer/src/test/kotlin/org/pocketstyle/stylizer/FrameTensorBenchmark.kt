package org.pocketstyle.stylizer

private const val RUNS = 2000

/** Prints, as JSON, what a frame of 640x480 to 256x256 takes on this machine, its way back, and what a pipeline allocates. */
fun main() {
    val info = picture(256)
    val pixels = FrameTensor(info)
    val tensor = TensorBuffer(info)
    val frame = CameraFrame(640, 480).frame
    val crop = Crop.centre(640, 480)
    val argb = IntArray(256 * 256)
    val there = { pixels.fill(frame, crop, 90, true, tensor) }
    val back = { pixels.read(tensor, argb) }
    measured {} // the measuring's own warm-up
    val perFrame = allocatedPerFrame(RUNS)
    println(
        """{"yuv_to_tensor": ${measured(there)}, "tensor_to_argb": ${measured(back)}, "pipeline_bytes_per_frame": $perFrame}""",
    )
}

private fun measured(work: () -> Unit): String {
    val nanos = LongArray(RUNS)
    val runs = {
        for (i in 0 until RUNS) {
            val began = System.nanoTime()
            work()
            nanos[i] = System.nanoTime() - began
        }
    }
    repeat(2) { runs() } // so that it is compiled
    val bytes = allocated(work = runs)
    nanos.sort()
    val (median, late) = listOf(nanos[RUNS / 2], nanos[RUNS * 95 / 100]).map { it / 1e6 }
    return """{"median_ms": $median, "p95_ms": $late, "allocated_bytes": $bytes, "frames": $RUNS}"""
}
