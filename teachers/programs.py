"""The programs by name, and pictures of any size drawn by them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import UsageError
from ..images import resize
from .comic import comic
from .ink import ink

PROGRAMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"comic": comic, "ink": ink}
SIDE = 768  # pixels of the longer side at which pictures are drawn


def draw(program: str, rgb: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Draw a picture.

    Args:
        program: one of `PROGRAMS`.
        rgb: uint8[H, W, 3].
        side: pixels of the longer side of what is drawn.

    Returns:
        uint8[h, w, 3], of the picture's proportions, aligned with it.

    Raises:
        UsageError: there is no such program.
    """
    return find_program(program)(at_side(rgb, side))


def find_program(name: str) -> Callable[[np.ndarray], np.ndarray]:
    if name not in PROGRAMS:
        raise UsageError(f"unknown program {name!r}; known: {', '.join(PROGRAMS)}")
    return PROGRAMS[name]


def at_side(rgb: np.ndarray, side: int) -> np.ndarray:
    """The picture with a longer side of so many pixels, and at least one in the shorter."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    return resize(rgb, max(1, round(width * scale)), max(1, round(height * scale)))
