package org.pocketstyle.packager

import com.android.apksig.ApkSigner
import com.android.apksig.ApkVerifier
import java.io.File
import java.io.FileOutputStream
import java.security.KeyStore
import java.security.PrivateKey
import java.security.cert.X509Certificate
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream
import kotlin.system.exitProcess

private const val MIN_SDK = 26
private const val ALIAS = "debug"
private const val PASSWORD = "android" // as that of every debug key

/**
 * Makes an APK: `resources.ap_ classes.dex AARS ABIS KEYSTORE OUT.apk`.
 *
 * AARS is a folder of unpacked AARs, ABIS a list as `arm64-v8a,x86_64`. A missing KEYSTORE is made. Native
 * libraries are stored, so that the phone maps them from the APK; the signer aligns what is stored.
 */
fun main(arguments: Array<String>) {
    val (resources, dex, aars, abis, store) = arguments
    val out = File(arguments[5])
    val unsigned = File("$out.unsigned")
    zip(File(resources), File(dex), libraries(File(aars), abis.split(",")), unsigned)
    sign(unsigned, File(store), out)
    unsigned.delete()
    val verified = ApkVerifier.Builder(out).setMinCheckedPlatformVersion(MIN_SDK).build().verify()
    val schemes = "v2 ${verified.isVerifiedUsingV2Scheme}, v3 ${verified.isVerifiedUsingV3Scheme}"
    if (!verified.isVerified || !verified.isVerifiedUsingV2Scheme || !verified.isVerifiedUsingV3Scheme) {
        System.err.println("$out: the signature does not hold ($schemes): ${verified.errors}")
        exitProcess(1)
    }
    println("$out: ${out.length()} bytes, ${abis}, verified: $schemes")
}

/** The libraries of each ABI, by their names in the APK. */
private fun libraries(aars: File, abis: List<String>): Map<String, File> =
    abis.flatMap { abi ->
        val found =
            aars.listFiles()!!.flatMap { File(it, "jni/$abi").listFiles()?.toList() ?: emptyList() }
        require(found.isNotEmpty()) { "TFLite has no libraries for $abi" }
        found.map { "lib/$abi/${it.name}" to it }
    }.toMap()

private fun zip(resources: File, dex: File, libraries: Map<String, File>, out: File) {
    ZipOutputStream(FileOutputStream(out).buffered()).use { apk ->
        ZipFile(resources).use { zip ->
            for (entry in zip.entries()) {
                apk.put(entry.name, zip.getInputStream(entry).readBytes(), entry.method)
            }
        }
        apk.put("classes.dex", dex.readBytes(), ZipEntry.DEFLATED)
        for ((name, file) in libraries) apk.put(name, file.readBytes(), ZipEntry.STORED)
    }
}

private fun ZipOutputStream.put(name: String, bytes: ByteArray, method: Int) {
    val entry = ZipEntry(name)
    entry.time = 0 // the same input gives the same bytes
    entry.method = method
    entry.size = bytes.size.toLong()
    entry.crc = CRC32().apply { update(bytes) }.value
    if (method == ZipEntry.STORED) entry.compressedSize = entry.size
    putNextEntry(entry)
    write(bytes)
    closeEntry()
}

private fun sign(unsigned: File, store: File, out: File) {
    if (!store.exists()) makeKey(store)
    val keys = KeyStore.getInstance(store, PASSWORD.toCharArray())
    val key = keys.getKey(ALIAS, PASSWORD.toCharArray()) as PrivateKey
    val certificate = keys.getCertificate(ALIAS) as X509Certificate
    ApkSigner.Builder(listOf(ApkSigner.SignerConfig.Builder(ALIAS, key, listOf(certificate)).build()))
        .setInputApk(unsigned)
        .setOutputApk(out)
        .setMinSdkVersion(MIN_SDK)
        .setV1SigningEnabled(false)
        .setV2SigningEnabled(true)
        .setV3SigningEnabled(true)
        .build()
        .sign()
}

private fun makeKey(store: File) {
    val keytool = File(System.getProperty("java.home"), "bin/keytool").path
    val command =
        listOf(keytool, "-genkeypair", "-keystore", store.path, "-storetype", "PKCS12", "-alias", ALIAS) +
            listOf("-storepass", PASSWORD, "-keyalg", "RSA", "-keysize", "2048", "-validity", "10000") +
            listOf("-dname", "CN=Debug")
    check(ProcessBuilder(command).inheritIO().start().waitFor() == 0) { "keytool made no key" }
}
