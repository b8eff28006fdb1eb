package org.pocketstyle.demo

import android.app.Activity
import android.app.AlertDialog
import android.content.ActivityNotFoundException
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.net.Uri
import android.util.Log
import android.widget.Toast
import org.pocketstyle.stylizer.BundleInfo

private const val STYLES = "styles"
private const val LICENCES = "licences"

/** Ask for one of the bundles; each is called by the title that it gives itself. */
fun chooseBundle(activity: Activity, catalogue: Catalogue, chosen: (String) -> Unit): AlertDialog {
    val titles = catalogue.choices.map { catalogue.bundles.getValue(it).title }
    return AlertDialog.Builder(activity)
        .setTitle(R.string.style)
        .setItems(titles.toTypedArray()) { _, which -> chosen(catalogue.choices[which]) }
        .show()
}

/** Show what a bundle says of itself, and who made it. */
fun showCard(activity: Activity, info: BundleInfo): AlertDialog {
    val predicted =
        info.predictedMs.entries.sortedBy { it.key }.joinToString("\n") { (device, ms) ->
            activity.getString(R.string.card_predicted, device, ms)
        }
    val credits = info.attribution.joinToString("\n")
    val text = activity.getString(R.string.card, info.description, info.precision, info.licence, credits)
    return AlertDialog.Builder(activity)
        .setTitle(info.title)
        .setMessage("$text\n\n$predicted")
        .setPositiveButton(R.string.close, null)
        .setNeutralButton(R.string.licences) { _, _ -> showLicences(activity) }
        .show()
}

private fun showLicences(activity: Activity): AlertDialog {
    val texts = activity.assets.list(LICENCES)!!.sortedDescending() // NOTICE, which is short, before LICENSE
    return AlertDialog.Builder(activity)
        .setTitle(R.string.licences)
        .setMessage(texts.joinToString("\n\n") { activity.assets.open("$LICENCES/$it").reader().use { text -> text.readText() } })
        .setPositiveButton(R.string.close, null)
        .show()
}

/** The style pictures in the APK, by the names of their files. */
fun styleNames(activity: Activity): List<String> = activity.assets.list(STYLES)!!.sorted()

/** Ask for a style picture; the last choice is `own`, a picture of the phone. */
fun chooseStylePicture(activity: Activity, chosen: (String) -> Unit, own: () -> Unit): AlertDialog {
    val names = styleNames(activity)
    val shown = names.map { it.substringBeforeLast('.') } + activity.getString(R.string.own_picture)
    return AlertDialog.Builder(activity)
        .setTitle(R.string.style_picture)
        .setItems(shown.toTypedArray()) { _, which -> if (which < names.size) chosen(names[which]) else own() }
        .show()
}

/** A style picture of the APK by its name, or one of the phone by its address. */
fun readStyle(activity: Activity, style: String): Bitmap =
    if ("://" in style) readPicture(activity, Uri.parse(style))
    else activity.assets.open("$STYLES/$style").use(BitmapFactory::decodeStream)

/** Ask the phone for a document; its address comes to `onActivityResult`, and stays readable. */
fun askForDocument(activity: Activity, code: Int, vararg types: String) {
    val ask = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")
    try {
        activity.startActivityForResult(ask.putExtra(Intent.EXTRA_MIME_TYPES, types), code)
    } catch (error: ActivityNotFoundException) {
        Toast.makeText(activity, R.string.no_documents, Toast.LENGTH_LONG).show()
    }
}

/** Keep a document readable after this start of the app, where whoever gave it allows that. */
fun keepReadable(activity: Activity, uri: Uri) {
    try {
        activity.contentResolver.takePersistableUriPermission(uri, Intent.FLAG_GRANT_READ_URI_PERMISSION)
    } catch (error: SecurityException) {
        Log.w("pocketstyle", "$uri is readable for now only", error)
    }
}
