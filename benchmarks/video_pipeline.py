"""How close the video pipeline comes to the speed of the network alone, and that memory is flat.

    python benchmarks/video_pipeline.py --bundle ink --frames 2000 --out results.json

Two rates are measured side by side, in alternating rounds on one short clip:

    interpreter  `Stylizer.run` in a loop, on the clip's frames decoded and normalised beforehand
    pipeline     `stylize_video` of the clip: decode, shrink, run, encode, write

and the claim is the median over rounds of pipeline / interpreter, so that a slow spell of the
machine hits both. It needs an idle machine with two cores or more: where other programs hold the
second core, the two rates are no longer bound by the same thing (`load_before` tells).

A run over `--frames` frames then samples the resident memory every 100 frames.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
from pocketstyle.images import centre_square, resize
from pocketstyle.sdk import Stylizer, read_frames, stylize_video, write_video

CLIP_SIZE = (1280, 720)  # what a phone films at its lower setting
CLIP_FPS = 30
MEMORY_EVERY = 100  # frames


def main() -> None:
    args = parse_args()
    load_before = os.getloadavg()[0]
    stylizer = Stylizer.load(args.bundle, threads=args.threads)
    with tempfile.TemporaryDirectory() as folder:
        clip, long_clip = Path(folder, "clip.mp4"), Path(folder, "long.mp4")
        frames = islice(
            read_frames(args.clip) if args.clip else moving_picture(), args.frames_per_round
        )
        per_round = write_video(frames, clip, CLIP_FPS)
        inputs = network_inputs(stylizer, clip)
        rounds = [
            one_round(stylizer, clip, inputs, Path(folder, "out.mp4"), pipeline_first=i % 2 == 1)
            for i in range(args.rounds)
        ]
        repeat_clip(clip, long_clip, args.frames)
        rss_mb, long_fps = watch_memory(stylizer, long_clip, Path(folder, "out.mp4"))
    ratios = [pipeline / interpreter for pipeline, interpreter in rounds]
    result = {
        "pipeline_fps": statistics.median(pipeline for pipeline, _ in rounds),
        "interpreter_fps": statistics.median(interpreter for _, interpreter in rounds),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "rss_mb": rss_mb,
        "rss_growth_mb": rss_mb[-1] - rss_mb[min(1, len(rss_mb) - 1)],
        "long_run_fps": long_fps,
        "n": args.frames,
        "frames_per_round": per_round,
        "bundle": stylizer.info.name,
        "size": stylizer.size,
        "threads": args.threads,
        "clip": str(args.clip or f"synthetic {CLIP_SIZE[0]}x{CLIP_SIZE[1]}"),
        "load_before": load_before,
        "host": f"{platform.platform()}, {os.cpu_count()} cores, {stylizer.runtime}",
    }
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")


def one_round(
    stylizer: Stylizer, clip: Path, inputs: list[np.ndarray], target: Path, pipeline_first: bool
) -> tuple[float, float]:
    """Frames a second of the pipeline and of the interpreter, one just after the other."""
    if pipeline_first:
        pipeline = stylize_video(stylizer, clip, target).fps
        return pipeline, interpreter_fps(stylizer, inputs)
    interpreter = interpreter_fps(stylizer, inputs)
    return stylize_video(stylizer, clip, target).fps, interpreter


def interpreter_fps(stylizer: Stylizer, inputs: list[np.ndarray]) -> float:
    began = time.perf_counter()
    for tensor in inputs:
        stylizer.run(tensor)
    return len(inputs) / (time.perf_counter() - began)


def network_inputs(stylizer: Stylizer, clip: Path) -> list[np.ndarray]:
    """The clip as the network takes it: [1, size, size, 3] per frame."""
    tensor = stylizer.info.signatures[0].inputs[0]
    squares = (
        resize(centre_square(rgb), stylizer.size, stylizer.size) for rgb in read_frames(clip)
    )
    return [((rgb - tensor.mean) / tensor.std).astype(tensor.dtype)[None] for rgb in squares]


def watch_memory(stylizer: Stylizer, clip: Path, target: Path) -> tuple[list[float], float]:
    """Resident memory in MB every `MEMORY_EVERY` frames of a run, and the run's rate."""
    rss_mb: list[float] = []

    def report(done: int, _: int | None) -> None:
        if done % MEMORY_EVERY == 0:
            rss_mb.append(resident_mb())

    return rss_mb, stylize_video(stylizer, clip, target, report=report).fps


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def moving_picture() -> Iterator[np.ndarray]:
    """Shaded blobs that drift over a textured ground, with sensor noise: uint8[720, 1280, 3]."""
    rng = np.random.default_rng(0)
    width, height = CLIP_SIZE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ground = 110 + 40 * np.sin(x / 31) * np.cos(y / 23)
    ground = np.stack([ground, ground * 0.9, ground * 0.8], -1)
    noise = rng.normal(0, 3, (height, 2 * width, 3)).astype(np.float32)
    for i in cycle(range(600)):
        frame = ground + noise[:, i : i + width]
        for k, colour in enumerate(([210, 160, 130], [60, 120, 200], [90, 180, 80])):
            cx = width * (0.5 + 0.3 * np.sin(2 * np.pi * (i / 150 + k / 3)))
            cy = height * (0.5 + 0.25 * np.cos(2 * np.pi * (i / 200 + k / 3)))
            blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 2e4)[..., None]
            frame = frame + blob * (np.float32(colour) - frame)
        yield frame.clip(0, 255).astype(np.uint8)


def repeat_clip(clip: Path, target: Path, frames: int) -> None:
    """Repeat a clip's encoded packets until there are `frames`; nothing is encoded again."""
    with av.open(clip) as source, av.open(target, "w") as out:
        video = source.streams.video[0]
        packets = [(bytes(p), p) for p in source.demux(video) if p.dts is not None]
        stream = out.add_stream_from_template(video)
        step = round(1 / (Fraction(CLIP_FPS) * video.time_base))
        for i in range(frames):
            data, origin = packets[i % len(packets)]
            shift = i // len(packets) * len(packets) * step
            packet = av.Packet(data)
            packet.pts, packet.dts = origin.pts + shift, origin.dts + shift
            packet.time_base, packet.duration = origin.time_base, origin.duration
            packet.is_keyframe, packet.stream = origin.is_keyframe, stream
            out.mux(packet)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bundle", required=True, help="a shipped name or a path")
    parser.add_argument("--clip", type=Path, help="a video to take frames from")
    parser.add_argument("--frames", type=int, default=2000, help="of the memory run")
    parser.add_argument("--frames-per-round", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, help="of the interpreter; the SDK's default if left")
    parser.add_argument("--out", type=Path, help="also write the JSON here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
