"""What the term of steadiness is worth on a clip: flicker, by the warping error.

    python benchmarks/flicker.py CLIP --config search.toml --steps 400 --crop 60 0 300 \
        --held-out runs/avatars/held-out --out benchmarks/results/flicker.json

`--config` is a search's, with the teacher and the data in it: the teacher, pruned by magnitude to
its target, is taught with `search.temporal` and without. The clip's frames are cropped to a square
(left, top, side; all of the centre by default) and resampled. The motion is scikit-image's TV-L1
optical flow of the input.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import torch
from hardware import hardware
from pocketstyle.datasets import read_folder, to_tensor
from pocketstyle.images import centre_square, resize
from pocketstyle.metrics import warping_error
from pocketstyle.networks import load
from pocketstyle.sdk.clip_reader import ClipReader
from pocketstyle.search import load_config, quality_to_truth, resolve_model, translate
from skimage.registration import optical_flow_tvl1
from teaching import teach

WEIGHT = 50.0  # of the term


def read_frames(clip: Path, count: int, crop: list[int] | None, size: int) -> np.ndarray:
    """uint8[T, size, size, 3], T at most `count`."""
    frames = []
    with ClipReader(clip) as reader:
        pictures = (item for item in reader if isinstance(item, av.VideoFrame))
        for frame in islice(pictures, count):
            whole = reader.picture(frame, reader.width, reader.height)
            if crop is not None:
                left, top, side = crop
                whole = whole[top : top + side, left : left + side]
            frames.append(resize(centre_square(whole), size, size))
    return np.stack(frames)


def flows_of(frames: np.ndarray) -> torch.Tensor:
    """[T - 1, 2, H, W]: where each pixel was in the frame before."""
    grey = frames.mean(-1).astype(np.float32) / 255
    found = [optical_flow_tvl1(now, before) for before, now in pairwise(grey)]
    return torch.from_numpy(np.stack(found).astype(np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--held-out", type=Path, required=True, help="photo and cartoon in it")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--crop", type=int, nargs=3)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    config = load_config(arguments.config, ["search.bank=0"])
    size = config.data.size
    frames = read_frames(arguments.clip, arguments.frames, arguments.crop, size)
    flows, inputs = flows_of(frames), to_tensor(frames)
    photos, avatars = (read_folder(arguments.held_out / k, size) for k in ("photo", "cartoon"))
    recipes = {"without": {"temporal": 0.0}, "with": {"temporal": WEIGHT}}
    students, seconds = teach(config, recipes, arguments.steps)
    networks = {"teacher": load(resolve_model(config.search.teacher))[0], **students}
    made = {"input": inputs} | {
        name: to_tensor(translate(network, frames)) for name, network in networks.items()
    }
    result = {
        "clip": arguments.clip.name,
        "frames": len(frames),
        "size": size,
        "steps": arguments.steps,
        "batch": config.search.batch,
        "weight": WEIGHT,
        "device": config.search.device,
        "target_ms": config.search.target_ms,
        "step_s": seconds,
        "warping_error": {
            name: warping_error(pictures, inputs, flows) for name, pictures in made.items()
        },
        "held_out": {
            name: quality_to_truth(network, photos, avatars) for name, network in networks.items()
        },
        "command": " ".join(("python", *sys.argv)),
        "hardware": hardware(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
