"""The programs by name, and pictures of any size drawn by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import UsageError
from ..images import SUFFIXES, read_rgb, resize
from ..whole import written_whole
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


def draw_file(program: str, source: Path, target: Path, side: int = SIDE) -> None:
    """Draw a picture's file.

    Raises:
        UsageError: there is no such program, or pictures are not written by this suffix.
        DataError: the source cannot be read, or the target not be written.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a picture is written as {', '.join(SUFFIXES)}, not as {target}")
    write_rgb(draw(program, read_rgb(source), side), target)


def write_rgb(rgb: np.ndarray, target: Path) -> None:
    """Write uint8[H, W, 3] by the target's suffix, whole or not at all."""
    kind = Image.registered_extensions()[target.suffix.lower()]
    with written_whole(target) as part:
        Image.fromarray(rgb).save(part, format=kind, quality=95)


def find_program(name: str) -> Callable[[np.ndarray], np.ndarray]:
    if name not in PROGRAMS:
        raise UsageError(f"unknown program {name!r}; known: {', '.join(PROGRAMS)}")
    return PROGRAMS[name]


def at_side(rgb: np.ndarray, side: int) -> np.ndarray:
    """The picture with a longer side of so many pixels, and at least one in the shorter."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    return resize(rgb, max(1, round(width * scale)), max(1, round(height * scale)))
