"""The small VGG-19 of Collaborative Distillation (Wang et al. 2020, MIT) as safetensors.

    python benchmarks/photo/encoder.py 5SE.pth runs/photo/vgg19-16x.safetensors

The checkpoint is read by torch's restricted reader, which takes tensors alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from pocketstyle.networks import write_tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    stored = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    weights = stored.get("model", stored)
    tensors = {name: value for name, value in weights.items() if "_aux" not in name}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(arguments.out, tensors, {"licence": "MIT"})


if __name__ == "__main__":
    main()
