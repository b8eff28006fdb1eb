"""README's docs/sdk.gif: what the bundles make of photos that may be shown, wiped over them.

    python benchmarks/readme_gif.py

Photos and painted styles are those of benchmarks/art/squares.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from pocketstyle.datasets import to_pictures
from pocketstyle.images import resize
from pocketstyle.sdk import Stylizer
from pocketstyle.sdk.clip_writer import writing_clip

sys.path.append(str(Path(__file__).parent / "art"))
from squares import sample_squares

ROOT = Path(__file__).parents[1]
SHOWN = (1, 2, 4)  # of the pairs: a pagoda, a cat, a flower
SIDE, FPS, STEPS, HELD = 176, 10, 10, 10  # frames of a wipe, and of what it begins and ends with


def wiped(photo: np.ndarray, made: np.ndarray) -> Iterator[np.ndarray]:
    """The photo, what was made of it coming in from the left, and that alone."""
    yield photo
    for step in range(1, STEPS):
        edge = round(SIDE * step / STEPS)
        frame = photo.copy()
        frame[:, :edge] = made[:, :edge]
        frame[:, edge - 1 : edge + 1] = 255
        yield frame
    yield made


def main() -> None:
    path, now, rate = ROOT / "docs/sdk.gif", 0, Fraction(FPS)
    with (
        Stylizer.load("artnet", accelerator="cpu") as stylizer,
        writing_clip(path, 2 * SIDE, SIDE, rate) as clip,
    ):
        pairs = sample_squares(stylizer.size)
        for content, style in (pairs[place] for place in SHOWN):
            content, style = (to_pictures(x)[0] for x in (content, style))
            stylizer.set_style(style)
            made = stylizer.apply(content)
            small = [resize(x, SIDE, SIDE) for x in (content, made)]
            beside = resize(style, SIDE, SIDE)
            for step, x in enumerate(wiped(*small)):
                clip.write(np.concatenate((x, beside), 1), now)
                now += HELD if step in (0, STEPS) else 1


if __name__ == "__main__":
    main()
