"""Aligned crops: a face as portrait networks were trained to see it, and back into its picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np

from .detector import Face
from .sampling import cut, shrunk, warped

# Of a crop's side, where the shipped networks' training has the pupils (benchmarks/avatars).
LEFT, RIGHT, HEIGHT = 0.365, 0.635, 0.4
FEATHER = 0.2  # of the radius of the disc that is pasted, over which it fades
_MARGIN = 2  # pixels around what is warped, for the interpolation


@dataclass(frozen=True)
class Alignment:
    """Where a face's square crop lies in a picture: a similarity, in four numbers.

    Attributes:
        x, y: the point between the pupils, pixels from the picture's upper left corner.
        side: of the crop, pixels.
        angle: of the line through the pupils, radians, clockwise as one sees the picture.
    """

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def of(cls, face: Face) -> Self:
        (x0, y0), (x1, y1) = face.left_eye, face.right_eye
        side = math.dist(face.left_eye, face.right_eye) / (RIGHT - LEFT)
        return cls((x0 + x1) / 2, (y0 + y1) / 2, side, math.atan2(y1 - y0, x1 - x0))

    def to_picture(self, size: float = 1.0) -> np.ndarray:
        """float64[2, 3]: takes points [x, y, 1] of a crop of this side to the picture's."""
        scale = self.side / size
        turn = scale * np.array(
            [
                [math.cos(self.angle), -math.sin(self.angle)],
                [math.sin(self.angle), math.cos(self.angle)],
            ]
        )
        between = size * np.array([(LEFT + RIGHT) / 2, HEIGHT])
        return np.column_stack([turn, (self.x, self.y) - turn @ between])

    def corners(self) -> np.ndarray:
        """float64[4, 2]: the crop's corners in the picture, clockwise from the upper left one."""
        return np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]) @ self.to_picture().T

    def cut(self, rgb: np.ndarray, size: int) -> np.ndarray:
        """The upright crop; what lies outside of the picture repeats its border.

        Args:
            rgb: uint8[H, W, 3].
            size: side of the crop to be returned, pixels.

        Returns:
            uint8[size, size, 3].
        """
        return cut(rgb, self.to_picture(size), size)

    def paste(self, made: np.ndarray, rgb: np.ndarray, figure: np.ndarray | None = None) -> None:
        """Lay a disc of a crop over the picture that it was cut from, in place.

        Args:
            made: uint8[size, size, 3], the crop as a network drew it.
            rgb: uint8[H, W, 3]; nothing changes outside of the disc.
            figure: float32[size, size], the share of each pixel of `made` that counts, besides;
                None for all of it.
        """
        rows, columns = self._within(rgb)
        part = rgb[rows, columns]
        mask = _disc(len(made)) if figure is None else _disc(len(made)) * figure
        side = min(len(made), max(1, round(self.side)))  # a small face would alias
        made, mask = (shrunk(one, side, side) for one in (made, mask))
        matrix = self._to_part(side, rows, columns)
        height, width = part.shape[:2]
        turn = np.linalg.inv(matrix[:, :2])
        matrix = np.column_stack([turn, -turn @ matrix[:, 2]])
        share = warped(mask, matrix, width, height).clip(0, 1)[..., None]
        laid = warped(made, matrix, width, height).astype(np.float32)
        part[...] = np.rint(part + share * (laid - part))

    def _within(self, rgb: np.ndarray) -> tuple[slice, slice]:
        """The rows and columns of a picture that hold the crop, at least one of each."""
        corners = self.corners()
        low, high = corners.min(0), corners.max(0)
        found = []
        for axis, length in ((1, rgb.shape[0]), (0, rgb.shape[1])):
            start = min(max(math.floor(low[axis]) - _MARGIN, 0), length - 1)
            end = min(max(math.ceil(high[axis]) + _MARGIN, start + 1), length)
            found.append(slice(start, end))
        return found[0], found[1]

    def _to_part(self, size: int, rows: slice, columns: slice) -> np.ndarray:
        """`to_picture` of a part of the picture."""
        matrix = self.to_picture(size)
        matrix[:, 2] -= columns.start, rows.start
        return matrix


@cache
def _disc(side: int) -> np.ndarray:
    """float32[side, side]: 1 in the middle, 0 on the edges and in the corners."""
    across = (np.arange(side) + 0.5) / side * 2 - 1
    share = np.clip((1 - np.hypot(across[:, None], across)) / FEATHER, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)
