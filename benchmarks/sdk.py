"""The SDK as a product, measured: import, pipeline, memory, steadiness, faces, browser.

    python benchmarks/sdk.py --shared DIR [--part import pipeline memory steady jitter web]

`--shared` has data/video and weights/face_detect. Each part is a section of
benchmarks/results/sdk.json. Times want an idle machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import av
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from flicker import flows_of, read_frames
from hardware import hardware
from pocketstyle.datasets import to_tensor
from pocketstyle.images import resize
from pocketstyle.metrics import warping_error
from pocketstyle.sdk import Steady, Stylizer, resolve, shipped, stylize_video, write_video
from pocketstyle.sdk import read_frames as frames_of
from pocketstyle.sdk.bench import bench
from pocketstyle.sdk.clip_reader import ClipReader
from pocketstyle.sdk.faces import Alignment, FaceDetector, Tracker, load_detector

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/sdk.json"
REPEATS, MODEL, SIZE = 7, "toonhead", 256
CLIP = "one-by-one-person-detection.mp4"
PLAYED, ROUNDS = 250, 5  # frames
WIDTHS = {"480p": (854, 480), "1080p": (1920, 1080)}
LONG, COUNTED = 5000, 250  # frames, and after how many the memory is read
STEADIED = ("walk.mkv", "sister.mkv", "head-pose-face-detection-female.gif")
WATCHED = (  # whole clips; in the other one of data/video, CLIP, people turn their backs
    "face-demographics-walking.gif",
    "head-pose-face-detection-female.gif",
    "head-pose-face-detection-male.gif",
    "head-pose-face-detection-female-and-male.gif",
    "walk.mkv",
    "book.mkv",
    "school.mkv",
    "sister.mkv",
    "want.mkv",
)
DETECTORS = {
    "face mesh": None,
    "YuNet": "weights/face_detect/yunet_s_320_320.onnx",
    "BlazeFace": "weights/face_detect/face_detection_short_range.tflite",
}
Places = list[tuple[Alignment, Alignment]]  # of a frame's faces: as found, and as steadied


def imports(_: Path) -> dict:
    """Milliseconds in processes of their own, Python's own start not counted."""
    statements = ("import pocketstyle.sdk", "from pocketstyle.sdk import Stylizer")
    found = {}
    for statement in statements:
        code = (
            f"import time; began = time.perf_counter(); {statement}; "
            "print(1000 * (time.perf_counter() - began)); import sys; "
            "print(*({'torch', 'tensorflow', 'cv2'} & set(sys.modules)))"
        )
        told = [
            subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(REPEATS)
        ]
        ms, heavy = zip(*(one.splitlines() for one in told), strict=True)
        found[statement] = {
            "ms": median(map(float, ms)),
            "heavy": sorted(set(" ".join(heavy).split())),
        }
    return found


def pipeline(shared: Path) -> list[dict]:
    """Frames a second of a video, decoded and encoded, beside a bare interpreter, in turns."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, Stylizer.load(MODEL, 1, accelerator="cpu") as one:
        for name, (width, height) in WIDTHS.items():
            clip = Path(folder) / f"{name}.mp4"
            source = islice(frames_of(shared / "data/video" / CLIP), PLAYED)
            write_video((resize(rgb, width, height) for rgb in source), clip, fps=25)
            alone, whole = [], []
            for _ in range(ROUNDS):
                alone.append(_alone(one.size))
                whole.append(stylize_video(one, clip, Path(folder) / "out.mp4").fps)
            ratios = [a / b for a, b in zip(whole, alone, strict=True)]
            row = {"clip": name, "frames": PLAYED, "alone": median(alone), "whole": median(whole)}
            rows.append(row | {"ratio": median(ratios), "ratios": ratios})
    return rows


def _alone(size: int) -> float:
    """Frames a second of LiteRT's interpreter on one thread, nothing around it."""
    interpreter = Interpreter(str(resolve(MODEL)), num_threads=1)
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    frame = np.random.default_rng(0).uniform(-1, 1, (1, size, size, 3)).astype(np.float32)
    interpreter.set_tensor(taken["index"], frame)
    interpreter.invoke()
    began = time.perf_counter()
    for _ in range(PLAYED):
        interpreter.invoke()
    return PLAYED / (time.perf_counter() - began)


def memory(shared: Path) -> dict:
    """Python's memory in a frame after warm-up, and the process's over thousands of frames."""
    with Stylizer.load(MODEL, 1, accelerator="cpu") as stylizer:
        frame = np.random.default_rng(0).integers(0, 256, (stylizer.size,) * 2 + (3,), np.uint8)
        out = np.empty_like(frame)
        stylizer.apply(frame, out)
        tracemalloc.start()
        stylizer.apply(frame, out)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        stylizer.apply(frame, out)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    resident = []

    def report(done: int, _: int | None) -> None:
        if done % COUNTED == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)

    with tempfile.TemporaryDirectory() as folder, Stylizer.load("heads", 1) as stylizer:
        clip = Path(folder) / "long.mp4"
        some = [
            resize(rgb, *WIDTHS["480p"])
            for rgb in islice(frames_of(shared / "data/video" / CLIP), 50)
        ]
        write_video(islice(cycle(some), LONG), clip, fps=25)
        del some
        stylize_video(stylizer, clip, Path(folder) / "out.mp4", report=report)
    return {
        "frame_bytes": frame.nbytes,
        "bytes_in_a_frame": peak - held,
        "clip": "480p",
        "frames": LONG,
        "counted_every": COUNTED,
        "resident_mb": resident,
        "second_half_grew_mb": resident[-1] - resident[len(resident) // 2],
    }


def steady(shared: Path) -> list[dict]:
    """Warping errors of a source, of what a network makes of it, and of that steadied."""
    rows = []
    with Stylizer.load(MODEL, 1, accelerator="cpu") as stylizer:
        for name in STEADIED:
            frames = read_frames(shared / "data/video" / name, 60, None, SIZE)
            flows, source = flows_of(frames), to_tensor(frames)
            began = time.perf_counter()
            plain = [stylizer.apply(frame) for frame in frames]
            played = time.perf_counter()
            blend = Steady()
            steadied = [blend(*pair) for pair in zip(frames, plain, strict=True)]
            added = (time.perf_counter() - played) / (played - began)
            errors = {
                key: warping_error(to_tensor(np.stack(some)), source, flows)
                for key, some in (("source", frames), ("plain", plain), ("steady", steadied))
            }
            ratio = errors["steady"] / errors["plain"]
            rows.append({"clip": name, **errors, "ratio": ratio, "added_time": added})
    return rows


def jitter(shared: Path) -> list[dict]:
    """How much the crops of faces shake, as found and as steadied, and by how much these lag.

    Shaking is the mean length of the second difference from frame to frame of a crop's corners, in
    its sides, over all faces found in three frames in a row; the lag is the mean distance from the
    corners as found to those as steadied, in sides too.
    """
    rows = []
    for detector, file in DETECTORS.items():
        finds = load_detector(file and shared / file)
        for clip in WATCHED:
            frames = _places(finds, shared / "data/video" / clip)
            shaking = shaking_of(frames)
            row = {
                "detector": detector,
                "clip": clip,
                "frames": len(frames),
                "with_a_face": sum(bool(places) for places in frames),
                "measured": len(shaking),
            }
            if len(shaking):
                found, steadied, lag = shaking.mean(0).tolist()
                row |= {"found": found, "steadied": steadied, "lag": lag}
                row["ratio"] = steadied / found
            rows.append(row)
    return rows


def _places(finds: FaceDetector, clip: Path) -> list[Places]:
    """Of each frame's faces, the crop as found and the steadied one nearest to it."""
    tracker, frames = Tracker(), []
    with ClipReader(clip) as reader:
        for frame in reader:
            if not isinstance(frame, av.VideoFrame):
                continue
            rgb = reader.picture(frame, reader.width, reader.height)
            found = [Alignment.of(face) for face in finds.detect(rgb)]
            steadied = tracker(found, frame.time)
            frames.append([(one, min(steadied, key=lambda s: _apart(s, one))) for one in found])
    return frames


def shaking_of(frames: list[Places]) -> np.ndarray:
    """[N, 3]: shaking as found and as steadied, and the lag, of each face of three frames."""
    rows = []
    for before, now, after in zip(frames, frames[1:], frames[2:], strict=False):
        for found, steadied in now:
            near = [
                min(places, key=lambda place: _apart(place[0], found), default=None)
                for places in (before, after)
            ]
            if None in near or any(_apart(place[0], found) > 0.5 for place in near):
                continue
            (found0, steadied0), (found2, steadied2) = near
            shifts = (
                found0.corners() - 2 * found.corners() + found2.corners(),
                steadied0.corners() - 2 * steadied.corners() + steadied2.corners(),
                found.corners() - steadied.corners(),
            )
            rows.append([np.linalg.norm(shift, axis=1).mean() / found.side for shift in shifts])
    return np.array(rows)


def _apart(place: Alignment, other: Alignment) -> float:
    """Of two crops, in sides of the latter."""
    return math.dist((place.x, place.y), (other.x, other.y)) / other.side


def web(_: Path) -> list[dict]:
    """Milliseconds of the network in WebAssembly in Chromium, beside Python's on one thread."""
    folder, names = ROOT / "web_demo", sorted(shipped())
    for command in (["npm", "ci", "--silent"], ["npm", "run", "build", "--silent"]):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    told = json.loads(subprocess.check_output(["node", "bench.mjs", *names], cwd=folder))
    rows = []
    for row in told["bundles"]:
        timing = next(bench(resolve(row["bundle"])))  # of one thread
        rows.append(row | {"python_ms": timing.median_ms, "browser": told["browser"]})
    return rows


PARTS = {
    "import": imports,
    "pipeline": pipeline,
    "memory": memory,
    "steady": steady,
    "jitter": jitter,
    "web": web,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=PARTS)
    arguments = parser.parse_args()
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    for part in arguments.part:
        result |= {part: PARTS[part](arguments.shared)}
        result["hardware"] = result.get("hardware", {}) | {part: hardware()}
        print(json.dumps(result[part], indent=1), flush=True)
        OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
