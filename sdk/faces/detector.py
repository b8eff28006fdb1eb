"""What a face detector is: a picture in, boxes and eyes out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .opencv import cv2

LONGEST = 640  # pixels of a side in which faces are looked for; more takes longer and finds few
NEAREST = 2.0  # pixels between the eyes, of the picture looked at; a crop needs a direction

Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """Where a face is, in pixels; (0, 0) is the picture's upper left corner, not a pixel's centre.

    Attributes:
        box: left, top, width and height, which may reach out of the picture.
        left_eye, right_eye: x and y of the pupils, left and right as the picture shows them.
        score: how sure the detector is, in measures of its own; more is surer.
    """

    box: tuple[float, float, float, float]
    left_eye: Point
    right_eye: Point
    score: float

    def scaled(self, x: float, y: float) -> Face:
        """The face in a picture that is so many times wider and higher."""
        left, top, width, height = self.box
        return Face(
            (left * x, top * y, width * x, height * y),
            (self.left_eye[0] * x, self.left_eye[1] * y),
            (self.right_eye[0] * x, self.right_eye[1] * y),
            self.score,
        )


class FaceDetector:
    """Finds upright faces; a detector says how, for pictures of a side that it can take."""

    def detect(self, rgb: np.ndarray) -> list[Face]:
        """The faces of uint8[H, W, 3], in no order, in pixels of that picture."""
        height, width = rgb.shape[:2]
        share = min(1.0, LONGEST / max(height, width))
        size = max(1, round(width * share)), max(1, round(height * share))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if share < 1 else rgb
        return [
            face.scaled(width / size[0], height / size[1])
            for face in self._find(small)
            if math.dist(face.left_eye, face.right_eye) >= NEAREST
        ]

    def _find(self, rgb: np.ndarray) -> list[Face]:
        """The faces of a picture of at most `LONGEST` pixels a side."""
        raise NotImplementedError
