"""Faces by BlazeFace of short range.

Bazarevsky et al., "BlazeFace: sub-millisecond neural face detection on mobile GPUs", 2019. The
anchors, and that what overlaps is averaged rather than dropped, are MediaPipe's.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...errors import FormatError, playing
from ..graph_check import check_network
from ..interpreter import load_interpreter
from .detector import Face, FaceDetector
from .sampling import shrunk

SIDE = 128  # pixels of the network's picture
CELLS = ((16, 2), (8, 6))  # cells a side, anchors in each
SCORE = 0.7  # of 1: backs and shoes get up to 0.66, as small faces do
OVERLAP = 0.3  # of 1, above which two boxes are of one face
VALUES = 16  # of an anchor: x and y of the middle, width, height, then x and y of six points


class BlazeFaceDetector(FaceDetector):
    """Faces of about a tenth of the picture's longer side and more, half turned away too.

    Raises:
        FormatError: the file is no BlazeFace of short range, or damaged.
    """

    def __init__(self, path: Path, score: float = SCORE) -> None:
        """
        Args:
            path: the network.
            score: of 1, from which on a face is one.
        """
        super().__init__()
        self._path, self._score = path, score
        check_network(path)
        self._network, _ = load_interpreter(path, threads=1)
        details = (*self._network.get_input_details(), *self._network.get_output_details())
        tensors = {tuple(one["shape"].tolist()): one["index"] for one in details}
        self._anchors = anchors()
        number = len(self._anchors)
        try:
            self._picture = tensors[1, SIDE, SIDE, 3]
            self._values, self._logits = tensors[1, number, VALUES], tensors[1, number, 1]
        except KeyError as error:
            shapes = ", ".join(str(list(shape)) for shape in tensors)
            raise FormatError(
                f"{path} is no BlazeFace of short range: its tensors are {shapes}"
            ) from error

    def find(self, rgb: np.ndarray) -> list[Face]:
        square, scale, corner = letterbox(rgb)
        with playing(self._path):
            self._network.set_tensor(self._picture, (square.astype(np.float32) / 127.5 - 1)[None])
            self._network.invoke()
            logits = self._network.get_tensor(self._logits)[0, :, 0].astype(np.float64)
            values = self._network.get_tensor(self._values)[0].astype(np.float64)
        likely = logits >= math.log(self._score / (1 - self._score))
        scores = 1 / (1 + np.exp(-logits[likely]))
        points = values[likely].reshape(-1, VALUES // 2, 2)  # [N, 8, 2]: middle, size, six points
        size = points[:, 1].copy()
        points += SIDE * self._anchors[likely, None] - corner
        points[:, 1] = size
        found = []
        for one, score in averaged(points / scale, scores):
            (x, y), (width, height), right, left = one[:4].tolist()  # the person's own right
            box = x - width / 2, y - height / 2, width, height
            found.append(Face(box, tuple(right), tuple(left), score))
        return found


def letterbox(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture in the middle of the network's black square: uint8[128, 128, 3].

    Returns:
        The square, its pixels per pixel of the picture, [x, y], and the picture's corner in it.
    """
    height, width = rgb.shape[:2]
    share = SIDE / max(height, width)
    size = np.array([max(1, round(width * share)), max(1, round(height * share))])
    left, top = (SIDE - size) // 2
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[top : top + size[1], left : left + size[0]] = shrunk(rgb, *size.tolist())
    return square, size / (width, height), np.array([left, top])


def averaged(points: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Faces from what overlaps: their points' mean by score, and the highest score.

    Args:
        points: float64[N, 8, 2], of which the first two are a box's middle and size.
        scores: float64[N], above 0.
    """
    found = []
    left = np.argsort(-scores)
    while len(left):
        same = overlaps(points[left[0], :2], points[left, :2]) > OVERLAP
        same[0] = True  # a box without an area overlaps not even itself
        group = left[same]
        mean = np.average(points[group], axis=0, weights=scores[group])
        found.append((mean, float(scores[group[0]])))
        left = left[~same]
    return found


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersections over unions of a box, [2, 2], with boxes, [N, 2, 2]: middle and size each."""
    low = np.maximum(box[0] - box[1] / 2, boxes[:, 0] - boxes[:, 1] / 2)
    high = np.minimum(box[0] + box[1] / 2, boxes[:, 0] + boxes[:, 1] / 2)
    shared = np.clip(high - low, 0, None).prod(1)
    union = box[1].prod() + boxes[:, 1].prod(1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def anchors() -> np.ndarray:
    """Middles of the cells, as shares of the side: float64[896, 2], x and y, row by row."""
    layers = []
    for cells, each in CELLS:
        middles = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middles, middles, indexing="ij")
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), each, 0))
    return np.concatenate(layers)
