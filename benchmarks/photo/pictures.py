"""Pictures to train decoders on whose licences let weights ship: CC BY 4.0, CC0, public domain.

    python benchmarks/photo/pictures.py --shared DIR --out runs/photo/pictures

Portraits of the Face Research Lab London Set, frames of Intel's sample videos (both CC BY 4.0), the
photos that scikit-image and scikit-learn bring along. None of the pairs that networks are judged
on, nor any art.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.sdk import read_frames
from skimage import data
from sklearn.datasets import load_sample_images

SIDE = 256
PORTRAITS, FRAMES, TILES = 48, 16, 16  # portraits; frames of each clip; tiles of each photo
CLIPS = (".mkv", ".mp4")
SAMPLES = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina")


RANGES = (0, 110), (120, 255)  # of a texture's dark and bright ends
TEXTURES = ("grass", "gravel", "brick")  # grey ones


def spread(items: list, count: int) -> list:
    return [items[i * len(items) // count] for i in range(min(count, len(items)))]


def tile(picture: np.ndarray, random: Random) -> np.ndarray:
    """A square at the picture's own resolution or at half of it: never enlarged, so it is sharp."""
    share = random.choice((1, 2))
    height, width = picture.shape[:2]
    if min(height, width) < share * SIDE:
        share = min(height, width) / SIDE
    side = round(share * SIDE)
    top, left = random.randint(0, height - side), random.randint(0, width - side)
    return resize(picture[top : top + side, left : left + side], SIDE, SIDE)


def tinted(grey: np.ndarray, random: Random) -> np.ndarray:
    """A grey texture from one colour, drawn by chance, to another."""
    dark, bright = (np.array([random.uniform(*ends) for _ in range(3)]) for ends in RANGES)
    share = (grey / 255.0)[..., None]
    return np.rint(dark + share * (bright - dark)).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    random, found = Random(0), {}
    for path in spread(list_pictures(arguments.shared / "data/portraits/cc_by"), PORTRAITS):
        found[path.stem] = read_rgb(path)
    for clip in sorted((arguments.shared / "data/video").iterdir()):
        if clip.suffix in CLIPS:
            for i, frame in enumerate(spread(list(read_frames(clip)), FRAMES)):
                found[f"{clip.stem}-{i}"] = tile(frame, random)
    photos = {name: getattr(data, name)() for name in SAMPLES}
    photos |= dict(zip(("china", "flower"), load_sample_images().images, strict=True))
    for name, picture in photos.items():
        found |= {f"{name}-{i}": tile(picture, random) for i in range(TILES)}
    for name in TEXTURES:
        grey = getattr(data, name)()
        found |= {f"{name}-{i}": tile(tinted(grey, random), random) for i in range(TILES)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, picture in found.items():
        Image.fromarray(picture).save(arguments.out / f"{name}.png")
    print(f"{len(found)} pictures")


if __name__ == "__main__":
    main()
