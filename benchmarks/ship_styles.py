"""Ship a taught one-style student: model, bundle, sheet.

    python benchmarks/ship_styles.py candy --run runs/styles/candy-small --shared DIR

`benchmarks/styles.py` measures, `benchmarks/styles_page.py` writes the card.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from pages import PICTURES
from pocketstyle.images import centre_square, list_pictures, read_rgb, resize
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import ModelCard, load, read_published
from pocketstyle.sdk import read_frames
from shipping import SIDE, ship
from skimage import data
from styles import NAMES, stylized

PEOPLE = (0, 32, 64, 96)  # of faker's pictures: every fourth was kept out of training
LICENCE = "Apache-2.0 AND BSD-3-Clause"
ATTRIBUTION = (
    "Distilled from PyTorch's examples/fast_neural_style (BSD-3-Clause, the PyTorch authors), "
    "as the ONNX model zoo publishes its networks",
    *PICTURES,
    "Lomiri's wallpapers by Aitzol Berasategi, freespace, Abhishek Mudgal and Jakkub Mede, "
    "CC BY 4.0",
)


def shown(shared: Path) -> np.ndarray:
    """uint8[8, 256, 256, 3]: pictures that may be shown, none of which a training saw."""
    people = list_pictures(shared / "data/portraits/faker")
    pictures = [read_rgb(people[i]) for i in PEOPLE]
    pictures += [data.astronaut(), data.chelsea(), data.coffee()]
    pictures.append(next(read_frames(shared / "data/video/walk.mkv")))
    return np.stack([resize(centre_square(picture), SIDE, SIDE) for picture in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    arguments = parser.parse_args()
    student, _ = load(arguments.run / "model.safetensors")
    teacher = read_published(arguments.shared / f"weights/fast_neural_style/{arguments.name}.npz")
    steps = json.loads((arguments.run / "metrics.jsonl").read_text().splitlines()[-1])["step"]
    card = ModelCard(
        arguments.name,
        provenance={
            "teacher": f"fast_neural_style/{arguments.name}",
            "teacher_macs": total_macs(teacher.kernels()),
            "macs": total_macs(student.kernels()),
            "last_steps": steps,
            "rebuild": "benchmarks/teach_styles.py",
        },
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )
    photos = shown(arguments.shared)
    ship(student, card, photos, stylized(teacher, photos))


if __name__ == "__main__":
    main()
