"""The shipped one-style networks beside their published teachers: cost, likeness, steadiness.

    python benchmarks/styles.py --shared DIR --out benchmarks/results/styles.json

`--shared` holds `weights/fast_neural_style/NAME.npz` (the teachers), `data/art/content` and
`data/photo_pairs` (photos that no training saw; people and samples that a training may have seen
are left out), `data/video` (clips) and `weights/inception_v3_2015_to_mixed7.npz`.

Likeness is that of the student's picture to the teacher's. Two distances are shares of what the
untouched photo has: FID-768 of the set to the teacher's pictures, and the Gram distance in the five
maps of a VGG-19. Flicker is the warping error. Speeds are of one thread of XNNPACK, the teacher and
the student exported alike and run in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from flicker import flows_of, read_frames
from hardware import hardware
from pocketstyle.converters import convert, verify
from pocketstyle.datasets import to_pictures, to_tensor
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.latency_model import SpeedModel, total_macs
from pocketstyle.metrics import features, fid, gram_loss, load_inception, ssim, warping_error
from pocketstyle.networks import ModelCard, load, read_published
from pocketstyle.sdk import resolve
from pocketstyle.sdk.interpreter import load_interpreter
from pocketstyle.search import resolve_model
from pocketstyle.search.perception import Perception
from torch import Tensor, nn

NAMES = ("candy", "mosaic", "pointilism", "rain_princess", "udnie")
FRAMES = ((256, 256), (480, 640))
DEVICES = ("s10", "pixel4", "mi8se", "a03s", "iphone7", "iphonexs")
SIDE, CROPS = 256, 3  # of each photo: the whole, and two smaller squares
SEEN = ("001_03", "030_03", "086_03", "122_03", "astronaut", "chelsea", "coffee")
CLIPS, CLIP_FRAMES = ("book.mkv", "walk.mkv"), 24
ROUNDS = 5  # of both speeds, in turns
BATCH = 4


def held_out(shared: Path) -> np.ndarray:
    """uint8[N, 256, 256, 3]: the middle of each photo and two smaller squares, by chance."""
    rng, crops = np.random.default_rng(0), []
    for folder in ("art/content", "photo_pairs/content", "photo_pairs/style"):
        for path in list_pictures(shared / "data" / folder):
            if path.stem in SEEN:
                continue
            picture = read_rgb(path)
            height, width = picture.shape[:2]
            for share in (1.0, *rng.uniform(0.45, 0.8, CROPS - 1)):
                side = round(share * min(height, width))
                top = (height - side) // 2 if share == 1 else rng.integers(0, height - side + 1)
                left = (width - side) // 2 if share == 1 else rng.integers(0, width - side + 1)
                crops.append(resize(picture[top : top + side, left : left + side], SIDE, SIDE))
    return np.stack(crops)


@torch.no_grad()
def stylized(network: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """What a network makes of pictures, uint8[N, H, W, 3] likewise."""
    parts = [
        to_pictures(network(to_tensor(pictures[i : i + BATCH])))
        for i in range(0, len(pictures), BATCH)
    ]
    return np.concatenate(parts)


@torch.no_grad()
def over(pictures: np.ndarray, others: np.ndarray, measure) -> np.ndarray:
    """A measure of pairs of pictures, [N]."""
    found = []
    for i in range(0, len(pictures), BATCH):
        found.append(measure(to_tensor(pictures[i : i + BATCH]), to_tensor(others[i : i + BATCH])))
    return torch.cat(found).double().numpy()


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """Decibels of pictures in [-1, 1], [N]."""
    return 10 * torch.log10(4 / (x - y).square().mean((1, 2, 3)))


def interval(values: np.ndarray) -> dict[str, float]:
    """Mean and the 95 % interval of the mean, by 1,000 resamplings."""
    rng = np.random.default_rng(0)
    means = [rng.choice(values, len(values)).mean() for _ in range(1000)]
    low, high = np.percentile(means, (2.5, 97.5))
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def cost(network: nn.Module) -> dict:
    """MACs at 256x256, parameters, and predicted milliseconds by device and frame."""
    predicted: dict[str, dict[str, dict[str, float]]] = {}
    for device in DEVICES:
        model = SpeedModel.load(device)
        predicted[device] = {}
        for height, width in FRAMES:
            one = model.predict(list(network.kernels(height, width)))
            predicted[device][f"{height}x{width}"] = {
                "ms": one.ms,
                "low_ms": one.low_ms,
                "high_ms": one.high_ms,
            }
    return {
        "macs": total_macs(network.kernels(*FRAMES[0])),
        "params": sum(parameter.numel() for parameter in network.parameters()),
        "predicted_ms": predicted,
    }


def likeness(
    photos: np.ndarray, teacher: np.ndarray, student: np.ndarray, look: Callable, untouched: Tensor
) -> dict:
    """The student's pictures beside the teacher's, and beside the untouched photos.

    Args:
        look: pictures → features for FID; `untouched` are those of the photos.
    """
    perception = Perception(None, torch.device("cpu"))

    def style(x: Tensor, y: Tensor) -> Tensor:
        return gram_loss(perception.maps(x), perception.maps(y))

    wanted = look(teacher)
    student_fid, photo_fid = fid(wanted, look(student)), fid(wanted, untouched)
    student_gram, photo_gram = over(student, teacher, style), over(photos, teacher, style)
    return {
        "ssim": interval(over(student, teacher, ssim)),
        "ssim_of_photo": interval(over(photos, teacher, ssim)),
        "psnr": interval(over(student, teacher, psnr)),
        "fid_768": student_fid,
        "fid_768_of_photos": photo_fid,
        "fid_share": student_fid / photo_fid,
        "gram": interval(student_gram),
        "gram_of_photos": interval(photo_gram),
        "gram_share": float(student_gram.mean() / photo_gram.mean()),
        "n": len(photos),
    }


def steadiness(clips: dict, networks: dict[str, nn.Module]) -> dict:
    """Warping errors by clip, of its frames and their flows."""
    found = {}
    for clip, (frames, flows) in clips.items():
        inputs = to_tensor(frames)
        errors = {"input": warping_error(inputs, inputs, flows)}
        for name, network in networks.items():
            made = to_tensor(stylized(network, frames))
            errors[name] = warping_error(made, inputs, flows)
        errors["share"] = errors["student"] / errors["teacher"]
        found[clip] = errors
    return found


def speeds(bundles: dict[str, Path]) -> dict[str, float]:
    """Milliseconds of a 256x256 picture on one thread: medians of rounds in turns."""
    players = {name: load_interpreter(path, threads=1)[0] for name, path in bundles.items()}
    taken: dict[str, list[float]] = {name: [] for name in bundles}
    for _ in range(ROUNDS):
        for name, player in players.items():
            runs = []
            for _ in range(4):
                began = time.perf_counter()
                player.invoke()
                runs.append(time.perf_counter() - began)
            taken[name].append(1000 * min(runs))
    found = {f"{name}_ms": statistics.median(times) for name, times in taken.items()}
    return found | {"ratio": found["teacher_ms"] / found["student_ms"], "rounds": ROUNDS}


def checked(bundle: Path, student: nn.Module, card: ModelCard, photos: np.ndarray) -> dict:
    """Parity, operators, residency and ranges of every signature."""
    found = verify(bundle, (student, card), photos[:4])
    rows = {}
    for one in (found, *found.others):
        rows[one.frame] = {
            "parity_max_abs": one.max_abs,
            "transposes": one.transposes,
            "operators_match": one.operators_match,
            "gpu_resident": one.gpu_resident,
            "gpu_note": one.gpu_note,
            "largest_value": one.worst_range.max_abs,
            "share_of_float16": one.worst_range.share,
        }
    return {"bytes": bundle.stat().st_size, "signatures": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--names", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    shared = arguments.shared
    photos = held_out(shared)
    inception = load_inception(shared / "weights/inception_v3_2015_to_mixed7.npz")
    look = partial(features, inception)
    untouched, clips = look(photos), {}
    for clip in CLIPS:
        frames = read_frames(shared / "data/video" / clip, CLIP_FRAMES, None, SIDE)
        clips[clip] = frames, flows_of(frames)
    for name in arguments.names:
        teacher = read_published(shared / f"weights/fast_neural_style/{name}.npz")
        student, card = load(resolve_model(name))
        networks = {"teacher": teacher, "student": student}
        made = {which: stylized(network, photos) for which, network in networks.items()}
        with tempfile.TemporaryDirectory() as folder:
            exported = Path(folder) / "teacher.tflite"
            convert(teacher, ModelCard(name), {"fp16": exported}, predicted_ms={})
            bundles = {"teacher": exported, "student": resolve(name)}
            measured = {which: cost(n) for which, n in networks.items()} | {
                "likeness": likeness(photos, made["teacher"], made["student"], look, untouched),
                "steadiness": steadiness(clips, networks),
                "xnnpack": speeds(bundles) | {"teacher_bytes": exported.stat().st_size},
                "bundle": checked(resolve(name), student, card, photos),
            }
        result = {"networks": {}}
        if arguments.out and arguments.out.is_file():
            result = json.loads(arguments.out.read_text())
        result["networks"][name] = measured
        result |= {
            "n": len(photos),
            "clip_frames": CLIP_FRAMES,
            "command": " ".join(("python", *sys.argv)),
            "hardware": hardware(),
        }
        text = json.dumps(result, indent=1)
        if arguments.out:
            arguments.out.write_text(text + "\n")
        print(json.dumps({name: result["networks"][name]["likeness"]}), flush=True)


if __name__ == "__main__":
    main()
