"""The Android demo: its build with its own tests, the APK it makes, and what Python reads of it."""

import importlib.util
import io
import json
import re
import shutil
import struct
import subprocess
import textwrap
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from android_page import numbers
from pocketstyle.latency_model.block_table import read_blocks
from pocketstyle.latency_model.blocks import MIN_BLOCKS
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
ANDROID = "{http://schemas.android.com/apk/res/android}"
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


def test_shrinking_left_what_is_called_by_name(built):
    """What Android makes by the manifest and the layouts, and what TFLite's native side calls."""
    with zipfile.ZipFile(built) as apk:
        methods = dex_methods(apk.read("classes.dex"))
        (library,) = (
            name for name in apk.namelist() if name.endswith("x86_64/libtensorflowlite_jni.so")
        )
        native = set(re.findall(rb"Java_org_tensorflow_lite_\w+", apk.read(library)))
    made = {(name, "<init>", ()) for name in manifest_classes()}
    context = ("android.content.Context", "android.util.AttributeSet")
    for layout in (DEMO / "app/src/main/res/layout").glob("*.xml"):
        views = re.findall(r"<(org\.pocketstyle\.\S+)", layout.read_text())
        made |= {(name, "<init>", context) for name in views}
    assert len(made) == 5 and made <= methods
    called = {mangled(name, method) for name, method, _ in methods}
    assert len(native) > 30 and {symbol.decode() for symbol in native} <= called


def test_the_library_can_be_taken_as_it_is(built):
    with zipfile.ZipFile(DEMO / "stylizer/target/stylizer.aar") as aar:
        assert set(aar.namelist()) == {"AndroidManifest.xml", "classes.jar", "proguard.txt"}
        assert aar.read("proguard.txt") == (DEMO / "stylizer/consumer.pro").read_bytes()
        manifest = ElementTree.fromstring(aar.read("AndroidManifest.xml"))
        assert manifest.get("package") == "org.pocketstyle.stylizer"
        assert native_libraries(manifest) == native_libraries(app_manifest())
        assert "libOpenCL.so" in native_libraries(manifest)
        with zipfile.ZipFile(io.BytesIO(aar.read("classes.jar"))) as classes:
            assert "org/pocketstyle/stylizer/Stylizer.class" in classes.namelist()
            assert not any("/demo/" in name for name in classes.namelist())


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
    main, *others = tree.split("E: activity")[1:]
    assert "MainActivity" in main and len(others) == 2
    assert all("configChanges" in one for one in (main, *others))  # they work on when turned
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


def test_the_crop_around_a_box_is_what_faces_want():
    measured = json.loads((DEMO.parent / "benchmarks/results/face_boxes.json").read_text())
    sides = [one["side"]["median"] for one in measured.values()]
    text = (DEMO / "stylizer/src/main/kotlin/org/pocketstyle/stylizer/FaceCrop.kt").read_text()
    assert float(re.search(r"MARGIN = ([\d.]+)f", text)[1]) == round(float(np.median(sides)), 1)
    # so it lies no higher and no lower
    assert all(abs(one["middle_below"]) < 0.1 for one in measured.values())


def test_the_pages_sample_is_what_was_compiled(built):
    page = (DEMO.parent / "docs/android.md").read_text()
    (shown,) = re.findall(r"```kotlin\n(val .*?)```", page, re.DOTALL)
    sample = DEMO / "stylizer/src/test/kotlin/org/pocketstyle/stylizer/Sample.kt"
    assert textwrap.indent(shown, "    ") in sample.read_text()


def test_the_app_says_how_many_blocks_a_fit_takes():
    told = (DEMO / "app/src/main/res/values/strings.xml").read_text()
    assert f"which takes {MIN_BLOCKS} networks or more" in told
    page = (DEMO.parent / "docs/android.md").read_text()
    assert f"a fit needs {MIN_BLOCKS} blocks or more" in page


def app_manifest() -> ElementTree.Element:
    return ElementTree.parse(DEMO / "app/src/main/AndroidManifest.xml").getroot()


def native_libraries(manifest: ElementTree.Element) -> set[str]:
    """What a manifest asks for of the phone's own."""
    return {one.get(f"{ANDROID}name") for one in manifest.iter("uses-native-library")}


def manifest_classes() -> set[str]:
    """The app's own classes that its manifest names."""
    manifest = app_manifest()
    named = [*manifest.iter("application"), *manifest.iter("activity")]
    return {manifest.get("package") + one.get(f"{ANDROID}name") for one in named}


def mangled(name: str, method: str) -> str:
    """What JNI calls a method of a class."""
    escaped = [part.replace("_", "_1").replace("$", "_00024") for part in (name, method)]
    return f"Java_{escaped[0].replace('.', '_')}_{escaped[1]}"


def dex_methods(dex: bytes) -> set[tuple[str, str, tuple[str, ...]]]:
    """Class, name and parameters' classes of each method that a classes.dex names."""

    def table(offset: int) -> tuple[int, int]:
        return struct.unpack_from("<II", dex, offset)

    def text(index: int) -> str:
        (place,) = struct.unpack_from("<I", dex, strings + 4 * index)
        while dex[place] & 0x80:  # its length, in bytes of seven bits
            place += 1
        return dex[place + 1 : dex.index(0, place + 1)].decode()

    def type_name(index: int) -> str:
        (string,) = struct.unpack_from("<I", dex, types + 4 * index)
        return text(string).removeprefix("L").removesuffix(";").replace("/", ".")

    def parameters(proto: int) -> tuple[str, ...]:
        (place,) = struct.unpack_from("<I", dex, protos + 12 * proto + 8)
        if not place:
            return ()
        (count,) = struct.unpack_from("<I", dex, place)
        return tuple(map(type_name, struct.unpack_from(f"<{count}H", dex, place + 4)))

    (_, strings), (_, types), (_, protos) = table(0x38), table(0x40), table(0x48)
    count, methods = table(0x58)
    found = set()
    for index in range(count):
        owner, proto, name = struct.unpack_from("<HHI", dex, methods + 8 * index)
        found.add((type_name(owner), text(name), parameters(proto)))
    return found


def load(path: Path):
    spec = importlib.util.spec_from_file_location("android_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
