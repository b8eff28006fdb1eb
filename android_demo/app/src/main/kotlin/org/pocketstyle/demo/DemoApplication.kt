package org.pocketstyle.demo

import android.app.Application
import java.util.function.LongSupplier
import org.pocketstyle.stylizer.Runtime
import org.pocketstyle.stylizer.TfliteRuntime

/** What all screens share. */
open class DemoApplication : Application() {
    /** What runs networks; tests put another one here. */
    open val runtime: Runtime = TfliteRuntime()

    /** Nanoseconds, by which networks are measured; as above. */
    open val clock = LongSupplier(System::nanoTime)

    override fun onCreate() {
        super.onCreate()
        cacheDir.listFiles { file -> file.name.endsWith(".mp4") }?.forEach { it.delete() } // of an app that was killed
    }

    val catalogue: Catalogue by lazy { Catalogue(this) }
}
