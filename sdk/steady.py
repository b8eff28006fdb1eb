"""Steadier video: where a clip stands still, so does what a network makes of it."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageFilter

KEPT = 0.8  # of the frame before, where nothing moves
STILL = 10.0  # levels of 255, of noise and what may be taken for it
BLOCK = 4  # pixels that are looked at together


class Steady:
    """Blends each stylised frame with the one before it, by how little the clip changes there.

    The clip is compared with a memory that is blended alike, not with its last frame: what moves
    slowly adds up, and leaves no ghost.
    """

    def __init__(self) -> None:
        self._weights = [
            round(255 * KEPT * math.exp(-((level / STILL) ** 2))) for level in range(256)
        ]
        self._seen: Image.Image | None = None
        self._made: Image.Image | None = None

    def __call__(self, seen: np.ndarray, made: np.ndarray) -> np.ndarray:
        """The steadier frame.

        Args:
            seen: uint8[H, W, 3], what the network saw.
            made: uint8[H, W, 3], what it made of it.

        Returns:
            uint8[H, W, 3]; the first frame, and the first of another size, as they are.
        """
        scene, now = Image.fromarray(seen), Image.fromarray(made)
        if self._seen is not None and self._seen.size == scene.size:
            red, green, blue = ImageChops.difference(scene, self._seen).reduce(BLOCK).split()
            change = ImageChops.lighter(ImageChops.lighter(red, green), blue)
            change = change.filter(ImageFilter.MaxFilter(3))  # no share reaches into what moved
            kept = change.point(self._weights).resize(scene.size, Image.Resampling.BILINEAR)
            scene = Image.composite(self._seen, scene, kept)
            now = Image.composite(self._made, now, kept)
        self._seen, self._made = scene, now
        return np.asarray(now)
