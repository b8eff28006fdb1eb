"""Style pictures to train decoders on, painted here: no artist's work, nothing that is judged on.

    python benchmarks/art/painted_styles.py --pictures runs/photo/pictures --out runs/art/styles

Photos whose licences let weights ship (benchmarks/photo/pictures.py) as oil, mosaic, dots, hatching
and posters, and patterns without a photo; palettes by chance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from pocketstyle.images import list_pictures, read_rgb, resize
from scipy.ndimage import gaussian_filter, map_coordinates, median_filter
from skimage.color import hsv2rgb, rgb2gray
from skimage.segmentation import find_boundaries, slic

SIDE, COUNT = 288, 320
Random = np.random.Generator


def palette(random: Random, count: int) -> np.ndarray:
    """Colours from dark to bright that go together, [count, 3] of 0..1."""
    hue = (random.uniform() + random.choice([0.08, 0.3, 0.5]) * random.uniform(-1, 1, count)) % 1
    value = np.linspace(random.uniform(0.02, 0.35), random.uniform(0.7, 1.0), count)
    return hsv2rgb(np.stack([hue, random.uniform(0.1, 0.95, count), value], 1))


def recoloured(picture: np.ndarray, random: Random) -> np.ndarray:
    """Its brightness in a palette's colours, or as it is."""
    if random.uniform() < 0.4:
        return picture
    colours = palette(random, 6)
    grey = rgb2gray(picture)
    grey = (grey - grey.min()) / max(np.ptp(grey), 1e-6) * 5
    return np.stack([np.interp(grey, np.arange(6), colours[:, i]) for i in range(3)], -1)


def oil(picture: np.ndarray, random: Random) -> np.ndarray:
    """Strokes across the gradient, from broad to fine (after Hertzmann 1998)."""
    smooth = gaussian_filter(rgb2gray(picture), 4)
    dy, dx = np.gradient(smooth)
    angle = np.arctan2(dx, -dy)
    canvas = Image.fromarray(np.full((SIDE, SIDE, 3), 128, np.uint8))
    draw = ImageDraw.Draw(canvas)
    for radius in (random.integers(9, 15), random.integers(4, 8), random.integers(2, 4)):
        count = 3 * SIDE**2 // (radius**2 * 8)
        for y, x in random.integers(0, SIDE, (count, 2)):
            turn = angle[y, x] + random.normal(0, 0.25)
            along = radius * random.uniform(2, 4) * np.array([np.cos(turn), np.sin(turn)])
            colour = np.clip(picture[y, x] + random.normal(0, 0.04, 3), 0, 1) * 255
            ends = [*(np.array([x, y]) - along), *(np.array([x, y]) + along)]
            draw.line(ends, tuple(int(c) for c in colour), int(radius))
    return np.asarray(canvas) / 255


def mosaic(picture: np.ndarray, random: Random) -> np.ndarray:
    """Tiles of one colour, with or without lead between them."""
    labels = slic(picture, int(random.integers(60, 500)), random.uniform(4, 25), start_label=0)
    counts = np.bincount(labels.ravel())
    means = [np.bincount(labels.ravel(), picture[..., i].ravel()) / counts for i in range(3)]
    made = np.stack(means, 1)[labels]
    if random.uniform() < 0.6:
        made[find_boundaries(labels, mode="thick")] = random.choice([0.05, 0.9])
    return made


def dots(picture: np.ndarray, random: Random) -> np.ndarray:
    """Points of pure colour on a ground."""
    canvas = Image.fromarray(np.full((SIDE, SIDE, 3), 255 * palette(random, 5)[-1], np.uint8))
    draw, radius = ImageDraw.Draw(canvas), random.uniform(1.5, 5)
    for y, x in random.integers(0, SIDE, (int(3 * SIDE**2 / radius**2 / 4), 2)):
        colour = np.clip(picture[y, x] * random.uniform(0.7, 1.4, 3), 0, 1) * 255
        r = radius * random.uniform(0.6, 1.3)
        draw.ellipse([x - r, y - r, x + r, y + r], tuple(int(c) for c in colour))
    return np.asarray(canvas) / 255


def hatching(picture: np.ndarray, random: Random) -> np.ndarray:
    """Ink on paper: more lines where it is darker."""
    grey, (ink, paper) = rgb2gray(picture), palette(random, 5)[[0, -1]]
    y, x = np.mgrid[:SIDE, :SIDE]
    drawn = np.zeros((SIDE, SIDE))
    period = random.uniform(4, 9)
    for i, level in enumerate((0.75, 0.55, 0.35, 0.2)):
        turn = random.uniform(0, 0.4) + i * np.pi / 4
        wobble = gaussian_filter(random.normal(0, 18, grey.shape), 5)
        wave = np.sin(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn) + wobble) / period)
        drawn = np.maximum(drawn, (wave > 0.35) & (grey < level))
    return paper + gaussian_filter(drawn, 0.6)[..., None] * (ink - paper)


def poster(picture: np.ndarray, random: Random) -> np.ndarray:
    """Flat colours with soft borders, a few of them."""
    size = int(random.integers(5, 13))
    flat = np.stack([median_filter(picture[..., i], size) for i in range(3)], -1)
    colours = palette(random, int(random.integers(3, 7)))
    grey = rgb2gray(flat)
    edges = np.quantile(grey, np.linspace(0, 1, len(colours) + 1)[1:-1])
    return colours[np.digitize(grey, edges)]


def pattern(picture: np.ndarray, random: Random) -> np.ndarray:
    """Warped waves, no photo: marble, ripples, stripes."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    coarse = [
        gaussian_filter(random.normal(size=(SIDE, SIDE)), random.uniform(8, 30)) for _ in "xy"
    ]
    warp = [one / one.std() * random.uniform(0.02, 0.12) for one in coarse]
    turn, period = random.uniform(0, np.pi), random.uniform(0.02, 0.2)
    along = (x + warp[0]) * np.cos(turn) + (y + warp[1]) * np.sin(turn)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * along / period)
    shifts = [
        np.clip((along_ + w) * SIDE, 0, SIDE - 1) for along_, w in zip((y, x), warp, strict=True)
    ]
    colours = palette(random, 6)
    grain = map_coordinates(random.uniform(0, 0.15, (SIDE, SIDE)), shifts, order=1)
    level = np.clip(wave + grain, 0, 1) * 5
    return np.stack([np.interp(level, np.arange(6), colours[:, i]) for i in range(3)], -1)


MANNERS = (oil, oil, mosaic, dots, hatching, poster, pattern)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    paths, random = list_pictures(arguments.pictures), np.random.default_rng(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for i in range(COUNT):
        rgb = resize(read_rgb(paths[int(random.integers(len(paths)))]), SIDE, SIDE) / 255
        manner = MANNERS[i % len(MANNERS)]
        made = np.clip(manner(recoloured(rgb, random), random), 0, 1)
        name = f"{i:03d}-{manner.__name__}.png"
        Image.fromarray(np.rint(255 * made).astype(np.uint8)).save(arguments.out / name)
    print(f"{COUNT} pictures")


if __name__ == "__main__":
    main()
