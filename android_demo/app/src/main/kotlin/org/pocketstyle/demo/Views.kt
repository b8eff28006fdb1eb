package org.pocketstyle.demo

import android.app.Activity
import android.view.View

/** A view of the screen's layout, which has it. */
fun <T : View> Activity.view(id: Int): T = findViewById<T>(id)!!

fun Activity.onClick(id: Int, action: () -> Unit) = view<View>(id).setOnClickListener { action() }

fun Activity.enable(id: Int, on: Boolean) {
    view<View>(id).isEnabled = on
}
