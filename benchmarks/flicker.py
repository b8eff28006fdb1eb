"""Flicker of stylised clips, by the warping error, beside the input's own.

    python benchmarks/flicker.py CLIP --models without.safetensors with.safetensors --crop 60 0 300

Frames are cropped to a square (left, top, side; all of the centre by default) and resampled to the
models' size. The motion is scikit-image's TV-L1 optical flow of the input.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import torch
from pocketstyle.datasets import to_tensor
from pocketstyle.images import centre_square, resize
from pocketstyle.metrics import warping_error
from pocketstyle.networks import load
from pocketstyle.sdk.clip_reader import ClipReader
from pocketstyle.search import translate
from skimage.registration import optical_flow_tvl1


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
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--crop", type=int, nargs=3)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    networks = {str(path): load(path)[0].eval() for path in arguments.models}
    (size,) = {network.spec.size for network in networks.values()}
    frames = read_frames(arguments.clip, arguments.frames, arguments.crop, size)
    flows, inputs = flows_of(frames), to_tensor(frames)
    made = {"input": inputs} | {
        name: to_tensor(translate(network, frames)) for name, network in networks.items()
    }
    result = {
        "clip": arguments.clip.name,
        "frames": len(frames),
        "size": size,
        "warping_error": {
            name: warping_error(pictures, inputs, flows) for name, pictures in made.items()
        },
    }
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
