"""Measuring on Android phones with TFLite's `benchmark_model`, over adb.

The tool is the user's (tensorflow.org/lite/performance/measurement has prebuilt ones). A round that
ends on a hot phone does not count: a throttled GPU is another device.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import PocketstyleError, UsageError
from .benchmark_tool import ToolRun, read_tool_output
from .measurement import Measurement, repeat_until_tight

FOLDER = "/data/local/tmp/pocketstyle"
RUNS, WARM_UP_RUNS = 50, 10  # inferences of a round
HOT = 2  # Android's thermal status MODERATE, from which on it may throttle
COOLING_S, COOLINGS = 30.0, 10  # one pause, and how many before giving up
UNREADY = {
    "unauthorized": "unauthorised: allow USB debugging on it",
    "offline": "offline: plug it in again",
}
COMMAND_S, ANSWER_S = 300, 20  # after which a phone counts as lost; as hanging


@dataclass(frozen=True)
class Phone:
    """A phone that adb lists and that answers.

    Attributes:
        gpu: what Android calls the GPU's driver, such as "mali" or "adreno"; "" if it does not say.
    """

    serial: str
    model: str
    gpu: str

    @property
    def name(self) -> str:
        """As measurements and tables call it."""
        return f"{self.model} ({', '.join(filter(None, (self.serial, self.gpu)))})"


def connected_phones(adb: str = "adb") -> tuple[list[Phone], list[str]]:
    """The phones that are ready, and why others are not.

    Raises:
        PocketstyleError: none is, and why: none connected, unauthorised, offline, hanging, no adb.
    """
    listed = re.findall(
        r"^(\S+)\s+(device|unauthorized|offline)\b(.*)$", run_adb(adb, "devices", "-l"), re.M
    )
    if not listed:
        raise PocketstyleError("no phone is connected (adb devices lists none)")
    ready: list[Phone] = []
    unready: list[str] = []
    for serial, state, rest in listed:
        if state != "device":
            unready.append(f"phone {serial} is {UNREADY[state]}")
            continue
        words = "-s", serial, "shell", "getprop", "ro.hardware.egl"
        try:
            gpu = run_adb(adb, *words, seconds=ANSWER_S).strip().lower()
        except PocketstyleError as error:
            unready.append(f"phone {serial}: {error}")
            continue
        model = re.search(r"model:(\S+)", rest)
        ready.append(Phone(serial, model[1] if model else serial, gpu))
    if not ready:
        raise PocketstyleError("; ".join(unready))
    return ready, unready


def measure_on_phone(
    bundle: Path,
    tool: Path,
    phone: Phone,
    *,
    adb: str = "adb",
    pause: Callable[[float], None] = time.sleep,
) -> Measurement:
    """Latency of a .tflite on a phone's GPU.

    Args:
        bundle: the model.
        tool: `benchmark_model` built for the phone.
        pause: waits seconds for a hot phone to cool.

    Raises:
        UsageError: a file is missing.
        PocketstyleError: the phone is lost or stays hot, or not all of the model runs on the GPU.
    """
    for path in (bundle, tool):
        if not path.is_file():
            raise UsageError(f"no such file: {path}")

    def shell(*words: str) -> str:
        return run_adb(adb, "-s", phone.serial, "shell", *words)

    shell("mkdir", "-p", FOLDER)
    run_adb(adb, "-s", phone.serial, "push", str(bundle), f"{FOLDER}/model.tflite")
    run_adb(adb, "-s", phone.serial, "push", str(tool), f"{FOLDER}/benchmark_model")
    shell("chmod", "+x", f"{FOLDER}/benchmark_model")
    runs: list[ToolRun] = []

    def one_round() -> float:
        for _ in range(COOLINGS):
            if _thermal_status(shell) < HOT:
                output = shell(
                    f"{FOLDER}/benchmark_model",
                    f"--graph={FOLDER}/model.tflite",
                    "--use_gpu=true",
                    "--enable_op_profiling=true",
                    f"--num_runs={RUNS}",
                    f"--warmup_runs={WARM_UP_RUNS}",
                )
                runs.append(read_tool_output(output))
                if _thermal_status(shell) < HOT:
                    return runs[-1].ms
            pause(COOLING_S)
        raise PocketstyleError(f"phone {phone.serial} stays hot: let it cool and measure again")

    rounds = repeat_until_tight(one_round)
    return Measurement(phone.name, "adb-gpu", rounds, runs[-1].operators_ms)


def _thermal_status(shell: Callable[..., str]) -> int:
    """Android's thermal status, 0 (none) to 6; 0 where the phone (before Android 10) has none."""
    status = re.search(r"Thermal Status: (\d+)", shell("dumpsys", "thermalservice"))
    return int(status[1]) if status else 0


def run_adb(adb: str, *words: str, seconds: float = COMMAND_S) -> str:
    """What adb printed; the tools on the phone print to both of its streams.

    Raises:
        PocketstyleError: adb is not installed, fails, or lost the phone.
    """
    try:
        done = subprocess.run(
            [adb, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise PocketstyleError(f"{adb} is not installed (Android's platform tools)") from error
    except subprocess.TimeoutExpired as error:
        raise PocketstyleError(f"the phone does not answer for {seconds} s") from error
    lost = re.search(r"^(?:adb: )?error: (.*)$", done.stdout, re.M)
    if lost:
        raise PocketstyleError(f"adb: {lost[1]}")
    if done.returncode and "shell" not in words:
        command = words[2] if words[0] == "-s" else words[0]
        raise PocketstyleError(f"adb {command} failed: {done.stdout.strip()}")
    return done.stdout
