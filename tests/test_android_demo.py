"""The Android demo: its build with its own tests, the APK it makes, and what Python reads of it."""

import importlib.util
import json
import re
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from android_page import numbers
from pocketstyle.latency_model.block_table import read_blocks
from pocketstyle.sdk import shipped

DEMO = Path(__file__).parents[1] / "android_demo"
APK = DEMO / "app/target/pocketstyle-demo.apk"
AAPT2 = DEMO / "app/target/aapt2/prebuilt/linux/aapt2"
OFFLINE = re.compile(
    "Could not (?:resolve|transfer).*"
    "(?:Unknown host|Connection refused|timed out|Network is unreachable|offline mode)"
)
LEAST_TESTS = 40
PAGE = 4096
SIGNATURE_BLOCK = b"APK Sig Block 42"
V2, V3 = 0x7109871A, 0xF05368C0  # ids of the signature schemes' blocks


@pytest.fixture(scope="module")
def built():
    """Everything that `mvn package` does: compile, check the API's level, test, shrink, sign."""
    if not (shutil.which("mvn") and shutil.which("javac")):
        pytest.skip("no JDK and Maven: the app cannot be built")
    done = subprocess.run(
        ["mvn", "-B", "clean", "package"], cwd=DEMO, capture_output=True, text=True, timeout=1500
    )
    failed = "There are test failures" in done.stdout
    if done.returncode and not failed and OFFLINE.search(done.stdout):
        pytest.skip("Maven reaches no repository: the app cannot be built")
    told = [line for line in done.stdout.splitlines() if "ERROR" in line]
    assert done.returncode == 0, "\n".join(told[:40]) or done.stdout[-4000:]
    return APK


def test_its_own_tests_ran(built):
    suites = [
        ElementTree.parse(path).getroot() for path in DEMO.glob("*/target/surefire-reports/*.xml")
    ]
    counts = {
        key: sum(int(suite.get(key)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    assert counts["tests"] >= LEAST_TESTS
    assert counts["failures"] == counts["errors"] == counts["skipped"] == 0


def test_what_is_in_it(built):
    with zipfile.ZipFile(built) as apk:
        entries = {entry.filename: entry for entry in apk.infolist()}
        bundles = shipped()
        for name, path in bundles.items():
            entry = entries[f"assets/bundles/{name}.tflite"]
            assert entry.compress_type == zipfile.ZIP_STORED
            assert apk.read(entry) == path.read_bytes()
        for name in ("LICENSE", "NOTICE"):
            assert apk.read(f"assets/licences/{name}") == (DEMO.parent / name).read_bytes()
    assert sum(name.startswith("assets/bundles/") for name in entries) == len(bundles)
    abis = {name.split("/")[1] for name in entries if name.startswith("lib/")}
    assert abis == {"arm64-v8a", "x86_64"}
    assert entries["classes.dex"].file_size < 400_000  # unshrunk it is over 2 MB


def test_what_is_stored_is_aligned(built):
    data = built.read_bytes()
    with zipfile.ZipFile(built) as apk:
        for entry in apk.infolist():
            if entry.compress_type == zipfile.ZIP_STORED:
                name, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
                start = entry.header_offset + 30 + name + extra
                assert start % (PAGE if entry.filename.endswith(".so") else 4) == 0, entry.filename


def test_it_is_signed_twice(built):
    """By the two schemes; the build itself verifies the signatures with apksig."""
    data = built.read_bytes()
    directory = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)[0]
    assert data[directory - 16 : directory] == SIGNATURE_BLOCK
    (size,) = struct.unpack_from("<Q", data, directory - 24)
    place, ids = directory - size, set()
    while place < directory - 24:
        length, block = struct.unpack_from("<QI", data, place)
        ids.add(block)
        place += 8 + length
    assert {V2, V3} <= ids


def test_its_manifest(built):
    def dumped(*words: str) -> str:
        command = [str(AAPT2), "dump", *words, str(built)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    badging = dumped("badging")
    assert "minSdkVersion:'26'" in badging and "targetSdkVersion:'35'" in badging
    assert "uses-implied-feature: name='android.hardware.camera'" not in badging
    tree = dumped("xmltree", "--file", "AndroidManifest.xml")
    permissions = re.findall(r"E: uses-permission .*\n.*name\(.*\)=\"([^\"]+)\" ", tree)
    assert permissions == [  # no INTERNET
        "android.permission.CAMERA",
        "android.permission.WRITE_EXTERNAL_STORAGE",
    ]
    libraries = re.findall(
        r"uses-native-library.*\n.*name\(.*\)=\"([^\"]+)\".*\n.*required\(.*\)=(\S+)", tree
    )
    assert ("libOpenCL.so", "false") in libraries
    assert {required for _, required in libraries} == {"false"}  # else phones without refuse it
    main, gallery, benchmark = tree.split("E: activity")[1:]
    assert "MainActivity" in main and "configChanges" not in main
    assert "configChanges" in gallery and "configChanges" in benchmark  # they work on when turned
    assert re.search(r"launchMode\(.*\)=(?:1|0x0*1|singleTop)\b", main)  # else no onNewIntent


def test_its_tables_are_what_latency_fit_reads(built):
    for on in ("gpu", "cpu"):
        blocks = read_blocks(DEMO / f"app/target/bundles-{on}.csv")
        assert len(blocks) == len(shipped())
        assert {block.backend for block in blocks} == {f"litert-{on}"}
        assert {block.block for block in blocks} == {"network"}


def test_the_fixtures_are_what_python_makes():
    make = load(DEMO / "fixtures/make.py")
    for name, made in make.fixtures().items():
        kept = json.loads((DEMO / name).read_text())
        made = json.loads(json.dumps(made))
        if name.endswith("bundles.json"):  # another processor adds in another order
            assert kept.keys() == made.keys(), f"run {make.__file__}"
            for bundle in kept:
                np.testing.assert_allclose(
                    kept[bundle]["values"], made[bundle]["values"], atol=1e-4
                )
        else:
            assert kept == made, f"{name}: run {make.__file__}"


def test_the_pages_numbers_come_from_the_result():
    result = json.loads((DEMO.parent / "benchmarks/results/android.json").read_text())
    assert numbers(result) in (DEMO.parent / "docs/android.md").read_text()


def test_the_demo_shows_what_it_must():
    result = json.loads((DEMO.parent / "benchmarks/results/android.json").read_text())
    there = result["frames_640x480_to_256"]["yuv_to_tensor"]
    assert there["median_ms"] <= 2 and there["allocated_bytes"] == 0
    assert result["apk_bytes"]["arm64, two bundles"] <= 12e6
    assert result["seconds"]["warm build and tests"] <= 180
    assert sum(result["tests"].values()) >= LEAST_TESTS
    assert result["furthest_from_python"].keys() == shipped().keys()
    assert max(result["furthest_from_python"].values()) <= 1e-3


def load(path: Path):
    spec = importlib.util.spec_from_file_location("android_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
