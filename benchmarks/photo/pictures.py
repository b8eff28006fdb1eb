"""Pictures to train decoders on whose licences let weights ship: CC BY 4.0, CC0, public domain.

    python benchmarks/photo/pictures.py --shared DIR --out runs/photo/pictures

Portraits of the Face Research Lab London Set, frames of Intel's sample videos (both CC BY 4.0), the
photos that scikit-image and scikit-learn bring along. None of the pairs that networks are judged
on, nor any art.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.images import list_pictures, read_rgb
from pocketstyle.sdk import read_frames
from skimage import data
from sklearn.datasets import load_sample_images

PORTRAITS, FRAMES = 48, 16  # portraits; frames of each clip
CLIPS = (".mkv", ".mp4")
SAMPLES = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina")
TIMES = 4  # that a sample photo occurs: they are few, and the only ones out of doors


def spread(items: list, count: int) -> list:
    return [items[i * len(items) // count] for i in range(min(count, len(items)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found: dict[str, np.ndarray] = {}
    for path in spread(list_pictures(arguments.shared / "data/portraits/cc_by"), PORTRAITS):
        found[path.stem] = read_rgb(path)
    for clip in sorted((arguments.shared / "data/video").iterdir()):
        if clip.suffix in CLIPS:
            for i, frame in enumerate(spread(list(read_frames(clip)), FRAMES)):
                found[f"{clip.stem}-{i}"] = frame
    photos = {name: getattr(data, name)() for name in SAMPLES}
    photos |= dict(zip(("china", "flower"), load_sample_images().images, strict=True))
    for name, picture in photos.items():
        found |= {f"{name}-{i}": picture for i in range(TIMES)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, picture in found.items():
        Image.fromarray(picture).save(arguments.out / f"{name}.png")
    print(f"{len(found)} pictures")


if __name__ == "__main__":
    main()
