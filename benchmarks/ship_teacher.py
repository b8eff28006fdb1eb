"""Measure a trained heads teacher and put it where the package ships it.

pocketstyle train heads --out runs/heads
python benchmarks/ship_teacher.py --run runs/heads
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from pocketstyle.datasets import render_heads
from pocketstyle.networks import load, save
from pocketstyle.search import quality_to_truth
from pocketstyle.search.shipped import MODELS

UNSEEN, UNSEEN_SEED = 256, 3  # neither the training's set 1 nor the demo's set 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    arguments = parser.parse_args()
    teacher, card = load(arguments.run / "model.safetensors")
    unseen = render_heads(UNSEEN, teacher.spec.size, UNSEEN_SEED)
    quality = quality_to_truth(teacher, *unseen)
    untouched = quality_to_truth(None, *unseen)
    card = replace(
        card,
        name="heads-teacher",
        metrics=quality | {"n": UNSEEN, "set": UNSEEN_SEED},
        provenance=card.provenance | {"rebuild": "pocketstyle train heads"},
    )
    path = MODELS / "heads-teacher.safetensors"
    save(path, teacher, card, half=True)
    print(json.dumps({"path": path.name, "teacher": quality, "untouched": untouched, "n": UNSEEN}))


if __name__ == "__main__":
    main()
