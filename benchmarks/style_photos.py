"""The photos that the shipped one-style networks learn from, 256x256.

    python benchmarks/style_photos.py --shared DIR --scenes DIR --out runs/styles/photos

Crops of portraits (faker-js/assets-person-portrait and cjdowner/interfaces, CC0; the Face Research
Lab London Set, CC BY 4.0; every fourth picture of the first two stays out), of ten photos of
Lomiri's wallpapers (CC BY 4.0 and CC0; `--scenes` is the folder 16.04 of Debian's package
lomiri-wallpapers-16.04), of frames of Intel's sample videos (CC BY 4.0), of samples of scikit-image
and scikit-learn; and pictures by a program: smooth gradients and shapes, for skies and walls.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.sdk import read_frames
from skimage import data
from sklearn.datasets import load_sample_images

SIDE = 256
SCENES = (  # of Lomiri's wallpapers those under CC BY 4.0 or CC0
    "aitzgorri_by_Aitzol_Berasategi",
    "friends_by_Aitzol_Berasategi",
    "life_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "Picture_0B_by_freespace",
    "Picture_1A_by_freespace",
    "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi",
    "umang_by_Abhishek_Mudgal",
    "Wine_by_Jakkub_Mede",
)
CLIPS, FRAMES = ("one-by-one-person-detection.mp4", "want.mkv", "school.mkv"), 12
TEXTURES = ("grass", "gravel", "brick")  # grey ones
PAINTED = 90


class Pool:
    """Crops, drawn by chance; the same seed gives the same pictures."""

    def __init__(self, seed: int):
        self.rng, self.crops = np.random.default_rng(seed), []

    def add(self, picture: np.ndarray, count: int, least: float, most: float = 1.0) -> None:
        """Squares of a share of the picture's shorter side, half of them mirrored."""
        height, width = picture.shape[:2]
        for _ in range(count):
            share = self.rng.uniform(least, most)
            side = min(max(round(share * min(height, width)), SIDE), height, width)
            top = self.rng.integers(0, height - side + 1)
            left = self.rng.integers(0, width - side + 1)
            crop = resize(picture[top : top + side, left : left + side], SIDE, SIDE)
            self.crops.append(crop[:, ::-1] if self.rng.random() < 0.5 else crop)

    def relight(self) -> None:
        """Give every third crop another exposure, contrast and tint."""
        for i in range(0, len(self.crops), 3):
            crop = self.crops[i].astype(np.float32)
            mean, contrast = crop.mean(), self.rng.uniform(0.6, 1.3)
            gains = self.rng.uniform(0.6, 1.35) * np.exp(self.rng.uniform(-0.15, 0.15, 3))
            self.crops[i] = to_bytes((mean + (crop - mean) * contrast) * gains)

    def tinted(self, grey: np.ndarray) -> np.ndarray:
        """A grey texture from one colour to another."""
        dark, bright = self.rng.uniform(0, 110, 3), self.rng.uniform(120, 255, 3)
        return to_bytes(dark + (grey / 255.0)[..., None] * (bright - dark))

    def gradient(self) -> np.ndarray:
        """A coarse grid of colours, enlarged."""
        grid = self.rng.uniform(0, 255, (self.rng.integers(2, 5), self.rng.integers(1, 4), 3))
        base = self.rng.uniform(0, 255, 3)
        grid = to_bytes(base + (grid - base) * self.rng.uniform(0.2, 1))
        enlarged = Image.fromarray(grid).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        return np.asarray(enlarged).astype(np.float32)

    def shapes(self) -> np.ndarray:
        """Ellipses and rectangles of many sizes over a gradient (dead leaves)."""
        picture, (y, x) = self.gradient(), np.mgrid[:SIDE, :SIDE]
        for _ in range(self.rng.integers(5, 60)):
            radius = 8 / (self.rng.random() ** 0.8 + 0.05)
            angle, flat = self.rng.uniform(0, np.pi), self.rng.uniform(0.4, 1)
            dx, dy = x - self.rng.uniform(0, SIDE), y - self.rng.uniform(0, SIDE)
            u = dx * np.cos(angle) + dy * np.sin(angle)
            v = (dy * np.cos(angle) - dx * np.sin(angle)) / flat
            round_one = self.rng.random() < 0.6
            inside = u**2 + v**2 < radius**2 if round_one else np.maximum(abs(u), abs(v)) < radius
            shaded = self.rng.random() < 0.3
            colour = self.gradient() if shaded else self.rng.uniform(0, 255, 3)
            picture = np.where(inside[..., None], colour, picture)
        return picture


def to_bytes(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).round().astype(np.uint8)


def gather(shared: Path, scenes: Path) -> np.ndarray:
    """uint8[N, 256, 256, 3], in the order in which they were gathered."""
    pool, portraits = Pool(1), shared / "data/portraits"
    for name in SCENES:
        pool.add(read_rgb(scenes / f"{name}.jpg"), 16, 0.3)
    for folder, count, least in (("faker", 2, 0.4), ("interfaces", 1, 0.5)):
        for i, path in enumerate(list_pictures(portraits / folder)):
            if i % 4:
                pool.add(read_rgb(path), count, least)
    for path in list_pictures(portraits / "cc_by")[::6]:
        pool.add(read_rgb(path), 1, 0.7)
    for clip in CLIPS:
        frames = list(read_frames(shared / "data/video" / clip))
        for frame in frames[:: max(1, len(frames) // FRAMES)][:FRAMES]:
            pool.add(frame, 1, 0.6)
    for name in ("rocket", "hubble_deep_field", "retina"):
        pool.add(getattr(data, name)(), 8, 0.3)
    for picture in load_sample_images().images:
        pool.add(picture, 24, 0.35)
    for name in TEXTURES:
        for _ in range(8):
            pool.add(pool.tinted(getattr(data, name)()), 1, 0.4)
    pool.relight()
    for i in range(PAINTED):
        painted = pool.gradient() if i % 3 == 0 else pool.shapes()
        noise = pool.rng.normal(0, pool.rng.uniform(0, 5), painted.shape)
        pool.crops.append(to_bytes(painted + noise))
    return np.stack(pool.crops)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    pictures = gather(arguments.shared, arguments.scenes)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(arguments.out / f"{i:04d}.png")
    print(f"{len(pictures)} pictures")


if __name__ == "__main__":
    main()
