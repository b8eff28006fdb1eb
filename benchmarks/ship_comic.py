"""Ship a searched drawing: model, bundle, sheet.

    python benchmarks/ship_comic.py comic --run runs/comic-search --shared DIR

`benchmarks/comic.py` measures, `benchmarks/comic_page.py` writes the card.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from pages import PICTURES
from pocketstyle.images import centre_square, read_rgb, resize
from pocketstyle.networks import load
from pocketstyle.sdk import read_frames
from pocketstyle.teachers.programs import PROGRAMS, draw
from shipping import SIDE, ship
from skimage import data

DRAWN = 768  # pixels at which the program draws
PEOPLE = (  # of comic_held_out.txt
    "female_512_28",
    "female_512_4",
    "female_512_81",
    "female_512_98",
    "male_512_5",
    "male_512_67",
)
ATTRIBUTION = (
    *PICTURES,
    "Lomiri's wallpapers by Aitzol Berasategi, freespace, Abhishek Mudgal and Jakkub Mede, "
    "CC BY 4.0",
)


def shown(shared: Path) -> np.ndarray:
    """uint8[8, 768, 768, 3]: pictures that may be shown, none of which a training saw."""
    pictures = [read_rgb(shared / f"data/portraits/faker/{name}.jpg") for name in PEOPLE]
    pictures += [data.astronaut(), next(read_frames(shared / "data/video/walk.mkv"))]
    return np.stack([resize(centre_square(picture), DRAWN, DRAWN) for picture in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(PROGRAMS))
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    arguments = parser.parse_args()
    student, card = load(arguments.run / "model.safetensors")
    card = replace(
        card,
        name=arguments.name,
        provenance=card.provenance | {"program": f"pocketstyle draw {arguments.name}"},
        licence="Apache-2.0",
        attribution=ATTRIBUTION,
    )
    large = shown(arguments.shared)
    photos = np.stack([resize(photo, SIDE, SIDE) for photo in large])
    drawn = np.stack([resize(draw(arguments.name, photo), SIDE, SIDE) for photo in large])
    ship(student, card, photos, drawn)


if __name__ == "__main__":
    main()
