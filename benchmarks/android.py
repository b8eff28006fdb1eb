"""What the Android demo's build proves and takes, on this computer.

    python benchmarks/android.py          # writes results/android.json; needs a JDK and Maven

Frames to tensors on this computer's JVM, the size of the APK, its tests and how long they take. It
says nothing about phones.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

from pocketstyle.latency_model.measuring.this_computer import host_name

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "android_demo"
OUT = ROOT / "benchmarks/results/android.json"
APK = DEMO / "app/target/pocketstyle-demo.apk"
TWO_BUNDLES = ("-Dabis=arm64-v8a", "-Dbundles=toonhead.tflite,heads.tflite")
BENCHMARK = "org.pocketstyle.stylizer.FrameTensorBenchmarkKt"


def maven(*words: str) -> tuple[float, str]:
    """Seconds that a build takes, and what it printed."""
    began = time.monotonic()
    done = subprocess.run(["mvn", "-B", *words], cwd=DEMO, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-4000:])
    return time.monotonic() - began, done.stdout


def tests() -> dict[str, int]:
    """Tests that ran, by module."""
    return {
        module: sum(
            int(ElementTree.parse(path).getroot().get("tests"))
            for path in (DEMO / module / "target/surefire-reports").glob("*.xml")
        )
        for module in ("stylizer", "app")
    }


def frames() -> dict:
    """The library's own benchmark, on the JVM that runs Maven."""
    build = ElementTree.parse(DEMO / "pom.xml").getroot()
    version = next(node.text for node in build.iter() if node.tag.endswith("kotlin.version"))
    kotlin = f"org/jetbrains/kotlin/kotlin-stdlib/{version}/kotlin-stdlib-{version}.jar"
    path = [
        *(DEMO / "stylizer/target" / folder for folder in ("classes", "test-classes")),
        DEMO / "tflite/target/classes",
        Path.home() / ".m2/repository" / kotlin,
    ]
    command = ["java", "-cp", ":".join(map(str, path)), BENCHMARK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    small_s, _ = maven("clean", "package", *TWO_BUNDLES, "-DskipTests")
    small = APK.stat().st_size
    seconds, _ = maven("package")
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    result = {
        "hardware": f"{host_name(1).removesuffix(', 1 thread')}, {os.cpu_count()} cores",
        "java": java.splitlines()[1],
        "load": os.getloadavg()[1],
        "frames_640x480_to_256": frames(),
        "apk_bytes": {
            "arm64, two bundles": small,
            "arm64 and x86_64, every bundle": APK.stat().st_size,
        },
        "seconds": {"clean build without tests": small_s, "warm build and tests": seconds},
        "tests": tests(),
        "furthest_from_python": json.loads((DEMO / "stylizer/target/parity.json").read_text()),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
