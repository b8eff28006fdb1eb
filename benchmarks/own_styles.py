"""Train a style from each of three old paintings, and draw docs/own_styles.jpg.

    python benchmarks/own_styles.py --shared DIR --photos runs/styles/photos --out runs/own

Each is `pocketstyle train style --set data.style=PAINTING`, as it is built in, but for `--steps`.
A run that is there goes on or is taken. The painters: Katsushika Hokusai (died 1849), Vincent van
Gogh (died 1890), Edvard Munch (died 1944).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.images import centre_square, read_rgb, resize
from pocketstyle.networks import load
from pocketstyle.search import load_config, train
from ship_styles import shown
from styles import stylized

ROOT = Path(__file__).parents[1]
PAINTINGS = ("wave", "starry_night", "the_scream")
SHOWN, SIDE = [1, 3, 5, 7], 256  # of `ship_styles.shown`


def report(stage: str, done: int, total: int) -> None:
    if done % 100 == 0:
        print(f"{stage}: {done} of {total}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    photos = shown(arguments.shared)[SHOWN]
    corner = np.full((SIDE, SIDE, 3), 255, np.uint8)
    rows = [np.concatenate([corner, *photos], 1)]
    for name in PAINTINGS:
        painting = arguments.shared / f"data/art/style/{name}.jpg"
        changes = {"data.style": painting, "data.source": arguments.photos}
        changes["train.steps"] = arguments.steps
        config = load_config("style", [f"{key}={value}" for key, value in changes.items()])
        out = arguments.out / name
        weights = train(config, out, resume=out.exists(), report=report)
        made = stylized(load(weights)[0].eval(), photos)
        picture = resize(centre_square(read_rgb(painting)), SIDE, SIDE)
        rows.append(np.concatenate([picture, *made], 1))
    Image.fromarray(np.concatenate(rows)).save(
        ROOT / "docs/own_styles.jpg", quality=88, optimize=True
    )


if __name__ == "__main__":
    main()
