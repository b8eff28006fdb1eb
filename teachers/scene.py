"""What is known of a picture before it is drawn: its light, its flat colours, its people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .opencv import cv2
from .people import FaceParts, faces_of, persons, skin_of
from .tones import balanced, exposed, lab_of, rgb_of, smoothed

SEEN = 768  # pixels of a longer side at which all lengths of the programs are given
TEXTURE = 2.2  # pixels: what is finer is flattened


@dataclass(frozen=True)
class Scene:
    """A picture as a program draws it.

    Attributes:
        unit: pixels for each of a picture of `SEEN` pixels.
        lab: float32[H, W, 3], CIELAB under a neutral light, well exposed.
        flat: the same without texture.
        figure: float32[H, W], the share of each pixel that is a person's.
        faces: those that are large enough for features, the largest first.
        skins: float32[H, W] each, what has the colour of a face's skin.
    """

    unit: float
    lab: np.ndarray
    flat: np.ndarray
    figure: np.ndarray
    faces: list[FaceParts]
    skins: list[np.ndarray]

    @property
    def skin(self) -> np.ndarray:
        return self.union(self.skins)

    @property
    def features(self) -> np.ndarray:
        """What makes a face a person's: eyes and lips, and brows less."""
        return self.union(m for f in self.faces for m in (f.eyes, f.lips, 0.4 * f.brows))

    def union(self, masks: Iterable[np.ndarray]) -> np.ndarray:
        """The largest of several masks, or one of zeros: float32[H, W]."""
        made = np.zeros_like(self.figure)
        for mask in masks:
            made = np.maximum(made, mask)
        return made

    def blurred(self, picture: np.ndarray, sigma: float) -> np.ndarray:
        """A Gaussian of so many pixels of a picture of `SEEN`."""
        return cv2.GaussianBlur(picture, (0, 0), sigma * self.unit)


def scene_of(rgb: np.ndarray) -> Scene:
    """Look at a picture, uint8[H, W, 3]."""
    unit = max(rgb.shape[:2]) / SEEN
    faces, figure = faces_of(rgb), persons(rgb)
    lab = exposed(lab_of(balanced(rgb.astype(np.float32) / 255)))
    flat = lab_of(smoothed(rgb_of(lab), TEXTURE * unit))
    skins = [skin_of(flat, face, figure) for face in faces]
    return Scene(unit, lab, flat, figure, faces, skins)
