"""The Android demo on a phone, over adb: install it, start it, and have it measure networks.

The app measures with the TFLite that it plays with, so it needs no tool of TensorFlow's. It reads
and writes its own folder of the phone, which adb is expected to reach, too.
"""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...errors import FormatError, PocketstyleError, UsageError
from ...quiet import quiet
from .adb import Phone, run_adb
from .measurement import MIN_ROUNDS, Measurement

PACKAGE = "org.pocketstyle.demo"
FOLDER = f"/sdcard/Android/data/{PACKAGE}/files"
RESULT = f"{FOLDER}/benchmark/times.json"
POLL_S = 2.0
LONGEST_S = 1800.0  # that a run of the app's benchmark may take
BACKENDS = {"GPU": "litert-gpu", "CPU": "litert-cpu"}


def install(apk: Path, phone: Phone, adb: str = "adb") -> None:
    """Install the app, or replace it and keep what it has saved.

    Raises:
        UsageError: no such file.
        PocketstyleError: the phone refuses it, and why.
    """
    if not apk.is_file():
        raise UsageError(f"no such file: {apk}; `make apk` builds it")
    run_adb(adb, "-s", phone.serial, "install", "-r", str(apk))


def run(bundle: Path, phone: Phone, adb: str = "adb") -> None:
    """Put a bundle on a phone and start the camera with it.

    Raises:
        PocketstyleError: the app is not installed, or the phone is lost.
    """
    _prepare(phone, adb)
    shell(phone, adb, "mkdir", "-p", f"{FOLDER}/bundles")
    remote = f"{FOLDER}/bundles/{bundle.stem}.tflite"  # the suffix that the app looks for
    run_adb(adb, "-s", phone.serial, "push", str(bundle.resolve()), remote)
    start(phone, adb, "MainActivity", "--es", "bundle", bundle.stem)


def measure_bundles(
    out: Path, phone: Phone, adb: str = "adb", pause: Callable[[float], None] = time.sleep
) -> list[dict[str, Any]]:
    """Measure every bundle of the app on GPU and CPU; its tables come to the folder `out`.

    Returns:
        One of `name`, `on` ("GPU" or "CPU"), `ms` and `spread_ms` per bundle and accelerator that
        takes it.

    Raises:
        PocketstyleError: the app is not installed or ends, the phone is lost, or it refuses every
            bundle.
        OSError: `out` cannot be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        _prepare(phone, adb)
        found = _measured(phone, adb, pause, "--ez", "run", "true")
        if not found:
            raise PocketstyleError(f"{phone.name}: GPU and CPU refuse every bundle")
        for on in {one["on"] for one in found}:
            table = f"bundles-{on.lower()}.csv"
            remote = f"{FOLDER}/benchmark/{table}"
            run_adb(adb, "-s", phone.serial, "pull", remote, str(out / table))
    except PocketstyleError:
        with suppress(OSError):  # it holds something
            out.rmdir()
        raise
    return found


def measure_models(
    models: Sequence[bytes],
    phone: Phone,
    on: str = "GPU",
    adb: str = "adb",
    pause: Callable[[float], None] = time.sleep,
) -> list[Measurement]:
    """Latency of .tflite files, each of one signature; the app is started anew for each round.

    Raises:
        FormatError: a file is not TFLite, or has no signature.
        PocketstyleError: as `measure_bundles`, or the accelerator refuses one.
    """
    _prepare(phone, adb)
    folder = f"{FOLDER}/blocks"
    shell(phone, adb, "rm", "-rf", folder)
    shell(phone, adb, "mkdir", "-p", folder)
    listed = [{"file": f"{i}.tflite", **described(model)} for i, model in enumerate(models)]
    with tempfile.TemporaryDirectory() as scratch:
        files = {"blocks.json": json.dumps(listed).encode()}
        files |= {one["file"]: model for one, model in zip(listed, models, strict=True)}
        for name, content in files.items():
            path = Path(scratch) / name
            path.write_bytes(content)
            run_adb(adb, "-s", phone.serial, "push", str(path), f"{folder}/{name}")
    extras = ("--ez", "run", "true", "--ez", "blocks", "true", "--es", "on", on)
    rounds = [
        {one["name"]: one["ms"] for one in _measured(phone, adb, pause, *extras)}
        for _ in range(MIN_ROUNDS)
    ]
    device = device_name(phone, adb)
    for one in listed:
        if any(one["file"] not in times for times in rounds):
            raise PocketstyleError(f"{phone.name}: the {on} refuses a block")
    return [
        Measurement(device, BACKENDS[on], tuple(times[one["file"]] for times in rounds), {})
        for one in listed
    ]


def described(model: bytes) -> dict[str, Any]:
    """A .tflite's signature, and the bytes of its tensors by name."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        with quiet():
            interpreter = Interpreter(model_content=model)
            (signature,) = interpreter.get_signature_list()
            runner = interpreter.get_signature_runner(signature)
    except (ValueError, RuntimeError) as error:
        raise FormatError(f"no TFLite file of one signature: {error}") from error

    def sizes(details: dict[str, dict]) -> dict[str, int]:
        return {
            name: int(one["shape"].prod()) * one["dtype"]().nbytes for name, one in details.items()
        }

    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    return {"signature": signature, "inputs": sizes(inputs), "outputs": sizes(outputs)}


def device_name(phone: Phone, adb: str = "adb") -> str:
    """The phone as the app's tables call it: Android's names of its model and its GPU's driver."""
    model = shell(phone, adb, "getprop", "ro.product.model").strip()
    return f"{model} ({phone.gpu})" if phone.gpu else model


def start(phone: Phone, adb: str, activity: str, *extras: str) -> None:
    """Start one of the app's screens anew, and wait until it is there.

    Raises:
        PocketstyleError: Android does not start it, and why.
    """
    words = "am", "start", "-W", "-S", "-n", f"{PACKAGE}/.{activity}", *extras
    said = shell(phone, adb, *words)
    if "Error" in said:
        why = said[said.rindex("Error") :].strip()
        raise PocketstyleError(f"{phone.name} does not start the app: {why}")


def shell(phone: Phone, adb: str, *words: str) -> str:
    """What a command on the phone printed; the phone's own shell splits it into words again."""
    return run_adb(adb, "-s", phone.serial, "shell", shlex.join(words))


def _prepare(phone: Phone, adb: str) -> None:
    """Has the app make its folder, which adb may not. Raises where it is not installed."""
    if "package:" not in shell(phone, adb, "pm", "path", PACKAGE):
        raise PocketstyleError(
            f"{phone.name} has no demo app; `pocketstyle android install` puts it there"
        )
    start(phone, adb, "BenchmarkActivity")


def _measured(
    phone: Phone, adb: str, pause: Callable[[float], None], *extras: str
) -> list[dict[str, Any]]:
    """Starts the app's benchmark and waits for its times."""
    shell(phone, adb, "rm", "-rf", f"{FOLDER}/benchmark")
    start(phone, adb, "BenchmarkActivity", *extras)
    for _ in range(round(LONGEST_S / POLL_S)):
        said = shell(phone, adb, "cat", RESULT)
        if said.startswith("["):
            return json.loads(said)
        if not shell(phone, adb, "pidof", PACKAGE).strip():
            raise PocketstyleError(f"{phone.name}: the app ended before its benchmark did")
        pause(POLL_S)
    raise PocketstyleError(f"{phone.name}: no times after {LONGEST_S:g} s")
