"""What may stand behind a person: foliage, walls and crowds, more or less out of focus."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def colour(rng: np.random.Generator) -> tuple[int, ...]:
    """As things have them, 0..255: mostly dull, brown and green as often as all others."""
    hue = rng.normal(0.12, 0.09) % 1 if rng.random() < 0.6 else rng.random()
    saturation = rng.beta(1.5, 3) if rng.random() < 0.8 else rng.random()
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(hue, saturation, rng.random()))


def surroundings(rng: np.random.Generator, side: int) -> Image.Image:
    """RGB, side x side: clutter, a few shapes in front of it, more clutter shining through."""
    drawn = clutter(rng, side)
    pen = ImageDraw.Draw(drawn)
    for draw in rng.choice([pen.rectangle, pen.ellipse], rng.integers(0, 7)):
        left, top, width, height = rng.uniform((-0.2, -0.2, 0.05, 0.05), (1, 1, 0.8, 0.8)) * side
        draw((left, top, left + width, top + height), fill=colour(rng))
    if rng.random() < 0.5:
        drawn = Image.blend(drawn, clutter(rng, side), rng.uniform(0.2, 0.6))
    return drawn.filter(ImageFilter.GaussianBlur(side * rng.uniform(0, 0.02)))


def clutter(rng: np.random.Generator, side: int) -> Image.Image:
    """Three colours, mixed by noise whose amplitude falls with frequency, as in photographs."""
    falling, stretch = rng.uniform(0.8, 1.8), rng.uniform(0.5, 2)
    frequency = np.hypot(stretch * np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    frequency[0, 0] = 1

    def shares() -> np.ndarray:
        white = np.fft.fft2(rng.standard_normal((side, side)))
        noise = np.fft.ifft2(white / frequency**falling).real
        contrast = rng.uniform(1, 4) / noise.std()
        return 1 / (1 + np.exp(-contrast * (noise - noise.mean())))[..., None]

    first, second, third = (np.array(colour(rng)) for _ in range(3))
    coarse, fine = shares(), 0.7 * shares()
    mixed = (1 - fine) * ((1 - coarse) * first + coarse * second) + fine * third
    return Image.fromarray(mixed.astype(np.uint8))
