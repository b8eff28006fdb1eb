// Untested here, see settings.gradle.kts.
plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

val copied = layout.buildDirectory.dir("assets")

val copyAssets by
    tasks.registering(Copy::class) {
        into(copied)
        from("../../sdk/models") {
            include("*.tflite")
            into("bundles")
        }
        from("../../web_demo/public/samples") {
            include("ink.jpg", "marble.jpg", "mosaic.jpg", "oil.jpg", "poster.jpg", "dots.jpg")
            into("styles")
        }
        from("../..") {
            include("LICENSE", "NOTICE")
            into("licences")
        }
    }

android {
    namespace = "org.pocketstyle.demo"
    compileSdk = 35
    defaultConfig {
        applicationId = "org.pocketstyle.demo"
        minSdk = 26
        targetSdk = 35
        versionCode = 1
        versionName = "1.0"
    }
    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles("src/main/r8.pro")
        }
    }
    androidResources { noCompress += "tflite" }
    sourceSets["main"].assets.srcDir(copied)
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

kotlin { compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8 } }

tasks.named("preBuild") { dependsOn(copyAssets) }

dependencies { implementation(project(":stylizer")) }
