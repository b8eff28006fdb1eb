# ruff: noqa: E501 (the tool prints long lines)
"""A stand-in for adb: answers as adb, Android, TFLite's benchmark_model and the demo app do.

The scenario and a folder for what it remembers come in the environment. It notes each command that
it is given in `commands`.
"""

import json
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

SCENARIO = os.environ["ADB_SCENARIO"].split("+")
MEMORY = Path(os.environ["ADB_MEMORY"])
DEVICES = {
    "none": "",
    "unauthorized": "R58M123ABC             unauthorized usb:1-2 transport_id:3\n",
    "offline": "R58M123ABC             offline usb:1-2 transport_id:3\n",
    "two": "R58M123ABC             device usb:1-2 product:beyond1ltexx model:SM_G973F device:beyond1 "
    "transport_id:3\n9A271FFAZ00123         device usb:1-3 product:flame model:Pixel_4 device:flame "
    "transport_id:4\n",
}
ONE = DEVICES["two"].splitlines(keepends=True)[0]
DELEGATED = {
    "refused": "ERROR: TfLiteGpuDelegate Init: No OpenCL or OpenGL on this device\n"
    "Failed to apply GPU delegate.\nBenchmarking failed.\n",
    "fell-back": "ERROR: Following operations are not supported by GPU delegate:\n"
    "MIRROR_PAD: Operation is not supported.\n120 operations will run on the CPU.\n"
    "Though GPU delegate is explicitly applied, the model graph will not be executed by the "
    "delegate.\n",
    "partly": "ERROR: Following operations are not supported by GPU delegate:\n"
    "MIRROR_PAD: Operation is not supported.\n2 operations will run on the GPU, and the remaining "
    "118 operations will run on the CPU.\nINFO: Created 2 GPU delegate kernels.\nExplicitly applied "
    "GPU delegate, and the model graph will be partially executed by the delegate w/ 2 delegate "
    "kernels.\n",
}
WHOLE = (
    "INFO: Initialized OpenCL-based API.\nINFO: Created 1 GPU delegate kernels.\nExplicitly applied "
    "GPU delegate, and the model graph will be completely executed by the delegate.\n"
)
HEAD = (
    "STARTING!\nLog parameter values verbosely: [0]\nMin num runs: [50]\nMin warmup runs: [10]\n"
    "Graph: [/data/local/tmp/pocketstyle/model.tflite]\nEnable op profiling: [1]\nUse gpu: [1]\n"
    "Loaded model /data/local/tmp/pocketstyle/model.tflite\nINFO: Initialized TensorFlow Lite "
    "runtime.\nINFO: Created TensorFlow Lite delegate for GPU.\n"
)
TAIL = """The input model file size (MB): 0.561131
Initialized session in 870.557ms.
Running benchmark for at least 10 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=10 first=16565 curr={us:.0f} min={us:.0f} max=16565 avg={us:.0f} std=493

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first={us:.0f} curr={us:.0f} min={us:.0f} max={us:.0f} avg={us:.0f} std=19

Inference timings in us: Init: 870557, First inference: 16565, Warmup (avg): {us:.0f}, Inference (avg): {us}
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory footprint of the model at runtime. Take the information at your discretion.
Memory footprint delta from the start of the tool (MB): init=79.4062 overall=79.4062
Profiling Info for Benchmark Initialization:
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t  [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t         AllocateTensors\t        1\t     0.099\t   100.000%\t   100.000%\t     0.000\t        2
Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t  [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t     TfLiteGpuDelegateV2\t        1\t    {ms:.3f}\t   100.000%\t   100.000%\t     0.000\t        1

Timings (microseconds): count=50 first={us:.0f} curr={us:.0f} min={us:.0f} max={us:.0f} avg={us:.0f} std=19
"""


def count(name: str) -> int:
    """How often this was called before."""
    path = MEMORY / name
    before = int(path.read_text()) if path.exists() else 0
    path.write_text(str(before + 1))
    return before


def on_phone(path: str) -> Path:
    """Where a file of the phone's is kept; the demo app's own alone are."""
    return MEMORY / path.strip("/").replace("/", "_")


def app_files(folder: str) -> Path:
    """Where a file or folder of the demo app's is kept."""
    return on_phone(f"/sdcard/Android/data/org.pocketstyle.demo/files/{folder}")


def install(apk: str) -> int:
    if "old-android" in SCENARIO:
        print("Performing Streamed Install")
        print(f"adb: failed to install {apk}: Failure [INSTALL_FAILED_OLDER_SDK: Requires 26]")
        return 1
    (MEMORY / "installed").touch()
    print("Performing Streamed Install\nSuccess")
    return 0


def start(words: list[str]) -> int:
    activity = words[words.index("-n") + 1]
    print(f"Stopping: org.pocketstyle.demo\nStarting: Intent {{ cmp={activity} (has extras) }}")
    if not (MEMORY / "installed").exists():
        print("Error type 3")
        print(f"Error: Activity class {{{activity}}} does not exist.")
        return 1
    if "run" in words and "app-ends" not in SCENARIO:
        blocks = "blocks" in words
        times = json.dumps(block_times() if blocks else bundle_times())
        app_files("benchmark/times.json").write_text(times)
    return 0


def block_times() -> list[dict]:
    """Each a time that grows with its file and its input, and differs a little from run to run."""
    run = count("app-runs")
    found = []
    for one in json.loads(app_files("blocks/blocks.json").read_text()):
        work = app_files(f"blocks/{one['file']}").stat().st_size + sum(one["inputs"].values())
        ms = (0.1 + work / 1e6) * (1 + 0.002 * (run % 3))
        found.append({"name": one["file"], "on": "GPU", "ms": ms, "spread_ms": 0.01})
    return found[1:] if "partly" in SCENARIO else found


def bundle_times() -> list[dict]:
    found = []
    for on in () if "refused" in SCENARIO else ("GPU", "CPU"):
        rows = ["device,backend,block,configuration,kernels,ms,spread_ms,measured"]
        for name, kernels in json.loads(Path(os.environ["ADB_KERNELS"]).read_text()).items():
            ms = len(kernels) / (500 if on == "GPU" else 100)
            found.append({"name": name, "on": on, "ms": ms, "spread_ms": 0.1})
            row = f"SM-G973F (mali),litert-{on.lower()},network,name={name},{kernels},{ms},0.1"
            rows.append(f"{row},2026-11-26")
        app_files(f"benchmark/bundles-{on.lower()}.csv").write_text("\n".join(rows) + "\n")
    return found


def main(words: list[str]) -> int:
    with (MEMORY / "commands").open("a") as file:
        file.write(" ".join(words) + "\n")
    if words[0] == "devices":
        print("List of devices attached")
        print(next((DEVICES[s] for s in SCENARIO if s in DEVICES), ONE), end="\n")
        return 0
    serial, words = words[1], words[2:]
    if words[0] == "install":
        return install(words[-1])
    if words[0] == "pull":
        shutil.copy(on_phone(words[1]), words[2])
        print(f"{words[1]}: 1 file pulled, 0 skipped. 0.4 MB/s (1611 bytes in 0.004s)")
        return 0
    if words[0] == "push" and "org.pocketstyle.demo" in words[2]:
        shutil.copy(words[1], on_phone(words[2]))
    if words[0] == "push":
        print(f"{words[1]}: 1 file pushed, 0 skipped. 38.1 MB/s (561131 bytes in 0.014s)")
        return 0
    words = shlex.split(" ".join(words[1:]))  # as adb and the phone's shell do
    if words[:2] == ["pm", "path"] and (MEMORY / "installed").exists():
        print(f"package:/data/app/{words[2]}/base.apk")
    if words[:2] == ["am", "start"]:
        return start(words)
    if words[:2] == ["rm", "-rf"]:
        for path in MEMORY.glob(on_phone(words[2]).name + "*"):
            path.unlink()
        return 0
    if words[0] == "cat":
        kept = on_phone(words[1])
        print(kept.read_text() if kept.exists() else f"cat: {words[1]}: No such file or directory")
        return 0 if kept.exists() else 1
    if words[0] == "pidof":
        return 1
    if words[0] == "dumpsys":
        hot = "hot" in SCENARIO or ("warm" in SCENARIO and count("thermal") in (1, 2))
        if "old-android" in SCENARIO:
            print("Can't find service: thermalservice")
        else:
            print(f"IsStatusOverride: false\nThermal Status: {3 if hot else 0}\nHAL Ready: true")
        return 0
    if words[0] == "getprop" and serial.startswith("R58") and "hanging" in SCENARIO:
        time.sleep(60)
    if words == ["getprop", "ro.product.model"]:
        print("SM-G973F" if serial.startswith("R58") else "Pixel 4")
    elif words[0] == "getprop":
        print("mali" if serial.startswith("R58") else "adreno")
    if not words[0].endswith("benchmark_model"):
        return 0
    runs = count(f"runs-{serial}")
    lost = "lost" in SCENARIO and runs == 1
    if lost or ("one-lost" in SCENARIO and serial.startswith("R58")):
        print(f"error: device '{serial}' not found", file=sys.stderr)
        return 1
    print(HEAD, end="")
    for name, text in DELEGATED.items():
        if name in SCENARIO:
            print(text, end="")
            us = 90000.0
            print(TAIL.format(us=us, ms=us / 1e3) if name != "refused" else "", end="")
            return int(name == "refused")
    us = 9200.0 * (1 + ((0.15, 0.05, -0.1, 0.02) if "noisy" in SCENARIO else (0.002, 0))[runs % 2])
    if "noisy" in SCENARIO and runs > 5:
        us = 9200.0
    us *= 1.5 if serial.startswith("R58") else 1.0
    print(WHOLE + TAIL.format(us=us, ms=us / 1e3), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
