"""Faces by the Haar cascades that come with OpenCV: no model file is needed.

Viola and Jones, "Rapid object detection using a boosted cascade of simple features", 2001, as
trained by Rainer Lienhart (faces) and Shameem Hameed (eyes).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from .detector import Face, FaceDetector, Point
from .opencv import cv2

FACES = "haarcascade_frontalface_alt2.xml"
EYES = "haarcascade_eye_tree_eyeglasses.xml"
STEP, NEIGHBOURS = 1.1, 4  # between sizes of windows; windows that have to agree on a face
EYE_STEP, EYE_NEIGHBOURS = 1.05, 3
# Of a face's box: where its pupils are on average, and what is searched for them.
LEFT_EYE, RIGHT_EYE = (0.30, 0.385), (0.69, 0.385)
EYES_FROM, EYES_TO, SMALLEST_EYE = 0.2, 0.55, 0.12
APART = (0.28, 0.52)  # of the box's width, that a pair of eyes may be
SLOPE = 0.45  # of a line through them, either way; cascades find no face that leans further


class HaarDetector(FaceDetector):
    """Faces that look at the camera, of 20 pixels a side and more."""

    def __init__(self) -> None:
        super().__init__()
        folder = Path(cv2.data.haarcascades)
        self._faces = cv2.CascadeClassifier(str(folder / FACES))
        self._eyes = cv2.CascadeClassifier(str(folder / EYES))

    def find(self, rgb: np.ndarray) -> list[Face]:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        boxes, agreeing = self._faces.detectMultiScale2(grey, STEP, NEIGHBOURS)
        return [
            Face(tuple(map(float, box)), *self._pupils(grey, box), float(windows))
            for box, windows in zip(boxes, agreeing, strict=True)
        ]

    def _pupils(self, grey: np.ndarray, box: np.ndarray) -> tuple[Point, Point]:
        """Both eyes as found, or both where they usually are: one of each would tilt the face."""
        left, top, width, height = box
        middle = left + width // 2
        first = self._eye(grey, box, left, middle)
        second = self._eye(grey, box, middle, left + width)
        if first and second:
            across, down = second[0] - first[0], second[1] - first[1]
            apart = math.hypot(across, down) / width
            if APART[0] <= apart <= APART[1] and abs(down) <= SLOPE * across:
                return first, second
        usual = [(left + x * width, top + y * height) for x, y in (LEFT_EYE, RIGHT_EYE)]
        return usual[0], usual[1]

    def _eye(self, grey: np.ndarray, box: np.ndarray, start: int, end: int) -> Point | None:
        """The middle of the largest eye in a half of the box, its columns from start to end."""
        _, top, width, height = box
        above = top + round(EYES_FROM * height)
        part = grey[above : top + round(EYES_TO * height), start:end]
        least = max(1, round(SMALLEST_EYE * width))
        found = self._eyes.detectMultiScale(part, EYE_STEP, EYE_NEIGHBOURS, minSize=(least, least))
        if not len(found):
            return None
        x, y, w, h = max(found, key=lambda eye: eye[2])
        return float(start + x + w / 2), float(above + y + h / 2)
