package org.pocketstyle.demo

import android.Manifest
import android.app.Activity
import android.content.ContentValues
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.media.ExifInterface
import android.net.Uri
import android.os.Build
import android.os.Environment
import android.os.ParcelFileDescriptor
import android.provider.MediaStore
import java.io.File
import java.io.IOException
import org.pocketstyle.stylizer.Crop

private const val LONGEST = 1920 // pixels of a picture's longer side; more is shrunk while it is read

/** ARGB [height, width] of a bitmap, squeezed to that; halved step by step, so that fine patterns do not alias. */
fun pixelsOf(bitmap: Bitmap, width: Int, height: Int): IntArray {
    var scaled = bitmap
    while (scaled.width >= 2 * width && scaled.height >= 2 * height) {
        scaled = Bitmap.createScaledBitmap(scaled, scaled.width / 2, scaled.height / 2, true)
    }
    scaled = Bitmap.createScaledBitmap(scaled, width, height, true)
    return IntArray(width * height).also { scaled.getPixels(it, 0, width, 0, 0, width, height) }
}

/** What a crop, which lies in the picture, shows of it. */
fun cut(bitmap: Bitmap, crop: Crop): Bitmap =
    Bitmap.createBitmap(bitmap, crop.left.toInt(), crop.top.toInt(), crop.width.toInt(), crop.height.toInt())

/**
 * Read a picture, the right way up, with at most 1920 pixels a side.
 *
 * @throws IOException it is gone, unreadable or no picture.
 */
fun readPicture(context: Context, uri: Uri): Bitmap {
    val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    open(context, uri).use { BitmapFactory.decodeStream(it, null, bounds) }
    if (bounds.outWidth <= 0) throw IOException(context.getString(R.string.no_picture))
    val options = BitmapFactory.Options()
    options.inSampleSize = Integer.highestOneBit(maxOf(1, maxOf(bounds.outWidth, bounds.outHeight) / LONGEST))
    val read =
        open(context, uri).use { BitmapFactory.decodeStream(it, null, options) }
            ?: throw IOException(context.getString(R.string.no_picture))
    val scale = minOf(1f, LONGEST.toFloat() / maxOf(read.width, read.height))
    val turn = open(context, uri).use { degrees(ExifInterface(it)) }
    val matrix = Matrix().apply { setScale(scale, scale); postRotate(turn) }
    return Bitmap.createBitmap(read, 0, 0, read.width, read.height, matrix, true)
}

private fun open(context: Context, uri: Uri) =
    try {
        context.contentResolver.openInputStream(uri) ?: throw IOException(context.getString(R.string.gone))
    } catch (error: SecurityException) {
        throw IOException(error)
    }

private fun degrees(exif: ExifInterface): Float =
    when (exif.getAttributeInt(ExifInterface.TAG_ORIENTATION, ExifInterface.ORIENTATION_NORMAL)) {
        ExifInterface.ORIENTATION_ROTATE_90 -> 90f
        ExifInterface.ORIENTATION_ROTATE_180 -> 180f
        ExifInterface.ORIENTATION_ROTATE_270 -> 270f
        else -> 0f
    }

/** Whether the app may save to the gallery; below Android 10 it has to be allowed to. */
fun maySave(context: Context): Boolean =
    Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q ||
        context.checkSelfPermission(Manifest.permission.WRITE_EXTERNAL_STORAGE) == PackageManager.PERMISSION_GRANTED

/** Ask for that; the answer comes to `onRequestPermissionsResult`. */
fun askToSave(activity: Activity, code: Int) =
    activity.requestPermissions(arrayOf(Manifest.permission.WRITE_EXTERNAL_STORAGE), code)

/**
 * Save a picture to the gallery.
 *
 * @throws IOException there is no room, or no permission (below Android 10).
 */
fun savePicture(context: Context, picture: Bitmap): Uri =
    saved(context, "image/png", "png", Environment.DIRECTORY_PICTURES, MediaStore.Images.Media.EXTERNAL_CONTENT_URI) {
        ParcelFileDescriptor.AutoCloseOutputStream(it).use { out -> picture.compress(Bitmap.CompressFormat.PNG, 100, out) }
    }

/** Save a finished video file to the gallery; as `savePicture`. */
fun saveVideo(context: Context, video: File): Uri =
    saved(context, "video/mp4", "mp4", Environment.DIRECTORY_MOVIES, MediaStore.Video.Media.EXTERNAL_CONTENT_URI) {
        ParcelFileDescriptor.AutoCloseOutputStream(it).use { out -> video.inputStream().use { from -> from.copyTo(out) } }
    }

/** Save a table to the downloads; as `savePicture`. */
fun saveTable(context: Context, table: File): Uri {
    val downloads =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) downloads() else MediaStore.Files.getContentUri("external")
    return saved(context, "text/csv", "csv", Environment.DIRECTORY_DOWNLOADS, downloads) {
        ParcelFileDescriptor.AutoCloseOutputStream(it).use { out -> table.inputStream().use { from -> from.copyTo(out) } }
    }
}

@NewerApi private fun downloads(): Uri = MediaStore.Downloads.EXTERNAL_CONTENT_URI

private fun saved(
    context: Context,
    type: String,
    suffix: String,
    folder: String,
    collection: Uri,
    write: (ParcelFileDescriptor) -> Unit,
): Uri {
    val values = place("pocketstyle-${System.currentTimeMillis()}.$suffix", type, folder)
    val resolver = context.contentResolver
    var uri: Uri? = null
    try {
        uri = resolver.insert(collection, values) ?: throw IOException(context.getString(R.string.gallery_refuses))
        write(resolver.openFileDescriptor(uri, "w") ?: throw IOException(context.getString(R.string.gallery_refuses)))
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            resolver.update(uri, ContentValues().apply { put(MediaStore.MediaColumns.IS_PENDING, 0) }, null, null)
        }
        return uri
    } catch (error: Exception) {
        uri?.let { resolver.delete(it, null, null) }
        throw error as? IOException ?: IOException(error)
    }
}

/** What the gallery is told of a new file. */
internal fun place(name: String, type: String, folder: String): ContentValues {
    val values = ContentValues()
    values.put(MediaStore.MediaColumns.DISPLAY_NAME, name)
    values.put(MediaStore.MediaColumns.MIME_TYPE, type)
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
        values.put(MediaStore.MediaColumns.RELATIVE_PATH, "$folder/pocketstyle")
        values.put(MediaStore.MediaColumns.IS_PENDING, 1) // nobody sees it half-written
    } else {
        @Suppress("DEPRECATION") // there is no other way there
        val place = File(Environment.getExternalStoragePublicDirectory(folder), "pocketstyle").apply { mkdirs() }
        @Suppress("DEPRECATION") values.put(MediaStore.MediaColumns.DATA, File(place, name).path)
    }
    return values
}

/** Offer what was saved to other apps. */
fun share(context: Context, uris: List<Uri>, type: String) {
    val send = Intent(if (uris.size == 1) Intent.ACTION_SEND else Intent.ACTION_SEND_MULTIPLE)
    send.type = type
    if (uris.size == 1) send.putExtra(Intent.EXTRA_STREAM, uris[0])
    else send.putParcelableArrayListExtra(Intent.EXTRA_STREAM, ArrayList(uris))
    send.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
    context.startActivity(Intent.createChooser(send, context.getString(R.string.share)))
}
