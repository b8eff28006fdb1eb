"""What the Android demo's build proves and takes, on this computer.

    python benchmarks/android.py          # writes results/android.json; needs a JDK and Maven

Frames to tensors on this computer's JVM, the size of the APK, its tests and how long they take:
first with a repository of Maven's that is empty, so 500 MB come over the network. It says nothing
about phones.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
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


def maven(repository: Path, *words: str) -> float:
    """Seconds that a build takes."""
    began = time.monotonic()
    command = ["mvn", "-B", f"-Dmaven.repo.local={repository}", *words]
    done = subprocess.run(command, cwd=DEMO, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-4000:])
    return time.monotonic() - began


def tests() -> dict[str, int]:
    """Tests that ran, by module."""
    return {
        module: sum(
            int(ElementTree.parse(path).getroot().get("tests"))
            for path in (DEMO / module / "target/surefire-reports").glob("*.xml")
        )
        for module in ("stylizer", "app")
    }


def frames(repository: Path) -> dict:
    """The library's own benchmark, on the JVM that runs Maven."""
    build = ElementTree.parse(DEMO / "pom.xml").getroot()
    versions = {node.tag.rpartition("}")[2]: node.text for node in build.iter()}
    kotlin, android = versions["kotlin.version"], versions["android.version"]
    path = [
        *(DEMO / "stylizer/target" / folder for folder in ("classes", "test-classes")),
        DEMO / "tflite/target/classes",
        repository / f"org/jetbrains/kotlin/kotlin-stdlib/{kotlin}/kotlin-stdlib-{kotlin}.jar",
        repository / f"org/robolectric/android-all/{android}/android-all-{android}.jar",
    ]
    command = ["java", "-cp", ":".join(map(str, path)), BENCHMARK]
    done = subprocess.run(
        command, cwd=DEMO / "stylizer", capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch)
        first_s = maven(repository, "clean", "package")
        small_s = maven(repository, "clean", "package", *TWO_BUNDLES, "-DskipTests")
        small = APK.stat().st_size
        warm_s = maven(repository, "clean", "package")
        on_jvm = frames(repository)
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    result = {
        "hardware": f"{host_name(1).removesuffix(', 1 thread')}, {os.cpu_count()} cores",
        "java": java.splitlines()[1],
        "load": os.getloadavg()[1],
        "frames_640x480_to_256": on_jvm,
        "aar_bytes": (DEMO / "stylizer/target/stylizer.aar").stat().st_size,
        "apk_bytes": {
            "arm64, two bundles": small,
            "arm64 and x86_64, every bundle": APK.stat().st_size,
        },
        "seconds": {
            "first build and tests, with the download": first_s,
            "clean build without tests": small_s,
            "warm build and tests": warm_s,
        },
        "tests": tests(),
        "furthest_from_python": json.loads((DEMO / "stylizer/target/parity.json").read_text()),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
