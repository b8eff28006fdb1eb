"""Which of a network's frames shows a picture, and how the picture gets in and out again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..frames import Frame


def orientation(frame: Frame) -> str:
    """ "landscape", "portrait" or "square"."""
    height, width = frame
    return "square" if height == width else "landscape" if width > height else "portrait"


def best_frame(frames: Sequence[Frame], picture: Frame) -> Frame | None:
    """The frame for a picture: of its orientation, else a square one; a square picture takes any.

    Of several the one whose sides are in the most similar proportion, and of those the first.

    Args:
        picture: its height and width.

    Returns:
        None where all lie the other way.
    """

    def difference(frame: Frame) -> float:
        return abs(math.log(frame[1] / frame[0]) - math.log(picture[1] / picture[0]))

    wanted = orientation(picture)
    for kind in (wanted, "square"):
        if of_kind := [frame for frame in frames if orientation(frame) == kind]:
            return min(of_kind, key=difference)
    return min(frames, key=difference) if wanted == "square" else None


@dataclass(frozen=True)
class Place:
    """Where the whole of a picture lies in a frame, centred; around it, it is mirrored.

    Attributes:
        frame: height and width.
        top, left, height, width: of the picture in it.
    """

    frame: Frame
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def of(cls, picture: Frame, frame: Frame) -> Place:
        """As large as it fits, in the proportion of a picture of this height and width."""
        scale = min(frame[0] / picture[0], frame[1] / picture[1])
        height, width = (max(1, _rounded(side * scale)) for side in picture)
        return cls(frame, (frame[0] - height) // 2, (frame[1] - width) // 2, height, width)

    def mirrored(self, picture: np.ndarray) -> np.ndarray:
        """uint8[height, width, 3] → uint8[*frame, 3], reflected at its edges as often as it takes.

        A network's own padding would show a style a border; mirrored, the picture goes on.
        """
        above, before = self.top, self.left
        below, after = self.frame[0] - above - self.height, self.frame[1] - before - self.width
        return np.pad(picture, ((above, below), (before, after), (0, 0)), mode="reflect")

    def cut(self, made: np.ndarray) -> np.ndarray:
        """The picture's own part of uint8[*frame, 3], a view."""
        rows = slice(self.top, self.top + self.height)
        return made[rows, self.left : self.left + self.width]


def _rounded(value: float) -> int:
    """Halves upwards, as the page and the phone round."""
    return int(value + 0.5)
