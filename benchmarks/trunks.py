"""Weights of classifiers as safetensors, for `network.encoder`.

    python benchmarks/trunks.py to_inception4e.npz runs/art/googlenet.safetensors
    python benchmarks/trunks.py 5SE.pth runs/photo/vgg19-16x.safetensors

An .npz of arrays under their published names (benchmarks/art/README.md says which), a .pth of
torchvision's, or the small VGG-19 of Collaborative Distillation (Wang et al. 2020, MIT); torch's
restricted reader takes tensors alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from pocketstyle.networks import write_tensors
from pocketstyle.networks.art import trunk_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if arguments.weights.suffix == ".npz":
        with np.load(arguments.weights) as arrays:
            tensors = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    else:
        stored = torch.load(arguments.weights, map_location="cpu", weights_only=True)
        weights = stored.get("model", stored)
        tensors = {name: value for name, value in weights.items() if "_aux" not in name}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(arguments.out, tensors, {})
    print(trunk_of(tensors))


if __name__ == "__main__":
    main()
