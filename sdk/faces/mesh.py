"""Faces by MediaPipe's mesh: 468 points each, found by BlazeFace and refined from near.

Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs", 2019.
The face's square is enlarged 1.5 times and turned upright by the eyes, as the network was trained;
a second pass on the square around the first one's points sharpens them, and in a video the next
frame's pass starts from this frame's points.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..interpreter import load_interpreter
from .blazeface import BlazeFaceDetector
from .detector import SMALLEST, Face, FaceDetector, each_once
from .sampling import cut, square_at

MODELS = Path(__file__).parent / "models"
SIDE = 192  # pixels of the mesh's square
AROUND = 1.5  # sides of the face's box that the square has
POINTS = 468
TILES = (1.0, 0.5, 0.25)  # sides of the squares in which faces are looked for, of the longer side
FINEST = 100  # pixels of such a square at least: smaller ones show nothing new
DETECTED, PRESENT = 0.5, 0.6  # of 1: from which a mesh is tried, and from which it lies on a face
SURE = 0.82  # of 1: what BlazeFace alone is believed, where the mesh sees nothing (profiles)
PART = 0.5  # of a face's box that lies in a surer one's, above which it is a part of that face
# Points of the contours of the eyes, of which the pupil is taken to be the middle; the first two
# are the corners. The person's right eye is on the left in a picture.
LEFT_EYE = [33, 133, 7, 163, 144, 145, 153, 154, 155, 246, 161, 160, 159, 158, 157, 173]
RIGHT_EYE = [263, 362, 249, 390, 373, 374, 380, 381, 382, 466, 388, 387, 386, 385, 384, 398]


class FaceMesh(FaceDetector):
    """Faces of about 25 pixels a side and more, leaning and half turned away too."""

    def __init__(self) -> None:
        super().__init__()
        self._detector = BlazeFaceDetector(MODELS / "face_detection_short_range.tflite", DETECTED)
        self._network, _ = load_interpreter(MODELS / "face_landmark.tflite", threads=1)
        (self._square,) = (one["index"] for one in self._network.get_input_details())
        sizes = {one["shape"].prod(): one["index"] for one in self._network.get_output_details()}
        self._points, self._presence = sizes[3 * POINTS], sizes[1]

    def detect(self, rgb: np.ndarray) -> list[Face]:
        with self._in_use:
            found = [self._refined(rgb, face) for face in self._detected(rgb)]
        kept: list[Face] = []
        for face in sorted(filter(None, found), key=lambda one: -one.score):
            if all(_share_within(face, other) <= PART for other in kept):
                kept.append(face)
        return kept

    def follow(self, rgb: np.ndarray, before: list[Face]) -> list[Face] | None:
        if any(face.points is None for face in before):
            return None
        with self._in_use:
            found = [self._meshed(rgb, around_points(face.points), face.score) for face in before]
        faces = [face for face in found if face]
        return faces if len(each_once(faces)) == len(before) else None

    def _detected(self, rgb: np.ndarray) -> list[Face]:
        """Faces as BlazeFace finds them, small ones in squares of parts of the picture."""
        height, width = rgb.shape[:2]
        found = []
        for rows, columns in squares(height, width):
            part = rgb[rows, columns]
            if min(part.shape[:2]) >= SMALLEST:
                faces = self._detector.find(part)
                found += [face.moved(columns.start, rows.start) for face in faces]
        return each_once(found)

    def _refined(self, rgb: np.ndarray, face: Face) -> Face | None:
        """A detected face with its mesh; without one if BlazeFace is sure of it, else None."""
        first = self._meshed(rgb, _around_box(face), face.score)
        second = first and self._meshed(rgb, around_points(first.points), face.score)
        return second or (face if face.score >= SURE else None)

    def _meshed(
        self, rgb: np.ndarray, square: tuple[float, float, float, float], score: float
    ) -> Face | None:
        """The face that a square of the picture shows, by its middle, side and angle."""
        matrix = square_at(*square, SIDE)
        side = square[2]
        shown = cut(rgb, matrix, SIDE).astype(np.float32) / 255
        self._network.set_tensor(self._square, shown[None])
        self._network.invoke()
        logit = self._network.get_tensor(self._presence).item()
        points = self._network.get_tensor(self._points).reshape(POINTS, 3).astype(np.float64)
        if not logit >= math.log(PRESENT / (1 - PRESENT)) or not np.isfinite(points).all():
            return None
        depth = points[:, 2] * side / SIDE
        flat = np.column_stack([points[:, :2], np.ones(POINTS)]) @ matrix.T
        low, high = flat.min(0), flat.max(0)
        left_eye, right_eye = (flat[eye].mean(0).tolist() for eye in (LEFT_EYE, RIGHT_EYE))
        return Face(
            box=(*low.tolist(), *(high - low).tolist()),
            left_eye=tuple(left_eye),
            right_eye=tuple(right_eye),
            score=score,
            points=np.column_stack([flat, depth]).astype(np.float32),
        )


def squares(height: int, width: int) -> list[tuple[slice, slice]]:
    """Rows and columns of the squares in which faces are looked for; each overlaps half the next.

    A picture that is longer than it is wide is taken as a whole first.
    """
    longest = max(height, width)
    found = [(slice(0, height), slice(0, width))]
    for share in TILES[1:]:
        side = round(share * longest)
        if side < FINEST:
            break
        rows, columns = (_starts(length, side) for length in (height, width))
        found += [(slice(y, y + side), slice(x, x + side)) for y in rows for x in columns]
    return found


def _starts(length: int, side: int) -> list[int]:
    """Where squares start that cover a length and overlap by half."""
    if length <= side:
        return [0]
    number = math.ceil((length - side) / (side / 2)) + 1
    return [round(i * (length - side) / (number - 1)) for i in range(number)]


def around_points(points: np.ndarray) -> tuple[float, float, float, float]:
    """Middle, side and angle of the square that shows a mesh, [468, 3] → x, y, side, angle."""
    left, right = points[LEFT_EYE[0], :2], points[RIGHT_EYE[0], :2]
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    turn = square_at(0, 0, 1, angle)[:, :2]
    upright = points[:, :2] @ turn  # the inverse of a turn is its transpose
    low, high = upright.min(0), upright.max(0)
    x, y = turn @ ((low + high) / 2)
    return float(x), float(y), AROUND * float((high - low).max()), angle


def _around_box(face: Face) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = face.left_eye, face.right_eye
    return *face.middle, AROUND * max(face.box[2:]), math.atan2(y1 - y0, x1 - x0)


def _share_within(face: Face, other: Face) -> float:
    """Of the first one's box, how much lies in the second one's."""
    (x0, y0, w0, h0), (x1, y1, w1, h1) = face.box, other.box
    width, height = min(x0 + w0, x1 + w1) - max(x0, x1), min(y0 + h0, y1 + h1) - max(y0, y1)
    return max(width, 0) * max(height, 0) / (w0 * h0)
