// For Android Studio. Untested here: the build that is tested is Maven's (README.md).
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "android-demo"
include(":stylizer", ":app")
