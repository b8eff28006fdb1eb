"""What a face detector is: a picture in, boxes and eyes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from .sampling import shrunk

LONGEST = 640  # pixels of a side in which faces are looked for; more takes longer and finds few
CLOSER, CLOSE = 2.0, 400  # boxes a side of what is looked at again, and its pixels then
SAME = 0.3  # of a box's width, less than which apart two middles are one face's
SMALLEST = 16  # pixels a side of a picture that may show a face
NEAREST = 2.0  # pixels between the eyes, of the picture looked at; a crop needs a direction

Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """Where a face is, in pixels; (0, 0) is the picture's upper left corner, not a pixel's centre.

    Attributes:
        box: left, top, width and height, which may reach out of the picture.
        left_eye, right_eye: x and y of the pupils, left and right as the picture shows them.
        score: how sure the detector is, in measures of its own; more is surer.
        points: float32[468, 3], MediaPipe's mesh: x, y and depth in pixels, the nearer the
            smaller; None of detectors that find no mesh.
    """

    box: tuple[float, float, float, float]
    left_eye: Point
    right_eye: Point
    score: float
    points: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def middle(self) -> Point:
        """Of the box."""
        left, top, width, height = self.box
        return left + width / 2, top + height / 2

    def moved(self, x: float, y: float) -> Face:
        """The face in a picture with so many columns and rows before it; without its mesh."""
        left, top, width, height = self.box
        return replace(
            self,
            box=(left + x, top + y, width, height),
            left_eye=(self.left_eye[0] + x, self.left_eye[1] + y),
            right_eye=(self.right_eye[0] + x, self.right_eye[1] + y),
            points=None,
        )

    def scaled(self, x: float, y: float) -> Face:
        """The face in a picture that is so many times wider and higher; without its mesh."""
        left, top, width, height = self.box
        return replace(
            self,
            box=(left * x, top * y, width * x, height * y),
            left_eye=(self.left_eye[0] * x, self.left_eye[1] * y),
            right_eye=(self.right_eye[0] * x, self.right_eye[1] * y),
            points=None,
        )


class FaceDetector:
    """Finds upright faces; each detector says how in `find`, which one thread at a time calls."""

    def __init__(self) -> None:
        self._in_use = Lock()  # interpreters, and OpenCV's detectors, crash otherwise

    def detect(self, rgb: np.ndarray) -> list[Face]:
        """The faces of uint8[H, W, 3], the surest first, in pixels of that picture."""
        height, width = rgb.shape[:2]
        with self._in_use:
            faces = self._find_at(rgb, min(1.0, LONGEST / max(height, width)))
            looked_at = [self._looked_at(rgb, one) for one in faces]
        return each_once(looked_at)  # from near, two may be one

    def follow(self, rgb: np.ndarray, before: list[Face]) -> list[Face] | None:
        """The same faces in a video's next frame, in their order; None where one is lost.

        Only detectors that can do it for less than `detect` do.

        Args:
            rgb: uint8[H, W, 3].
            before: the faces of the frame before.
        """
        return None

    def _looked_at(self, rgb: np.ndarray, face: Face) -> Face:
        """The face as it is found in a picture of little else; itself where it is not.

        The pupils of small faces are found badly, and every face is small for some detector.
        """
        width, height = face.box[2:]
        side = CLOSER * max(width, height)
        x, y = face.middle
        columns = slice(max(0, round(x - side / 2)), max(1, round(x + side / 2)))
        rows = slice(max(0, round(y - side / 2)), max(1, round(y + side / 2)))
        near = [
            one.moved(columns.start, rows.start)
            for one in self._find_at(rgb[rows, columns], CLOSE / side)
        ]
        same = [one for one in near if _same(one, face)]
        return min(same, key=lambda one: math.dist(one.middle, face.middle), default=face)

    def _find_at(self, rgb: np.ndarray, scale: float) -> list[Face]:
        """The faces of a picture, found in one so many times larger."""
        height, width = rgb.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if min(size) < SMALLEST:  # networks are of no sense there
            return []
        return [
            face.scaled(width / size[0], height / size[1])
            for face in self.find(shrunk(rgb, *size))
            if NEAREST <= math.dist(face.left_eye, face.right_eye) <= LONGEST  # no NaN either
        ]

    def find(self, rgb: np.ndarray) -> list[Face]:
        """The faces of uint8[H, W, 3] of at most `LONGEST` pixels a side, in its pixels."""
        raise NotImplementedError


def each_once(faces: list[Face]) -> list[Face]:
    """The surest first, without those that lie on a surer one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if not any(_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _same(face: Face, other: Face) -> bool:
    """Whether two boxes are of one face."""
    return math.dist(face.middle, other.middle) < SAME * other.box[2]
