package org.pocketstyle.demo

/** The function calls what Android 8 lacks; who calls it has asked for the version. */
@Retention(AnnotationRetention.BINARY)
annotation class NewerApi
