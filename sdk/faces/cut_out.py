"""What a network drew before an even background, as avatars have one."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

EDGE = 0.04  # of the side: the strips on the left and the right that show the background
EVEN, COVERS = 12, 0.5  # levels of 255 about the median, and how much of the strips they hold
NEAR = 40  # levels of 255 about the background's colour that are background too
RIM, SOFT = 2, 1.5  # pixels of a figure's outline left out, as it is mixed with the background


def figure_of(made: np.ndarray) -> np.ndarray | None:
    """The share of each pixel that is no background; None where that is not of one colour.

    Background is what has its colour and is joined with the picture's edges: eyes stay.

    Args:
        made: uint8[size, size, 3].

    Returns:
        float32[size, size] in 0..1.
    """
    strip = max(1, round(EDGE * len(made)))
    edges = np.concatenate([made[:, :strip].reshape(-1, 3), made[:, -strip:].reshape(-1, 3)])
    colour = np.median(edges, 0)
    if (np.abs(edges - colour).max(1) <= EVEN).mean() < COVERS:
        return None
    near = np.abs(made - colour).max(2) <= NEAR
    background = Image.fromarray(np.uint8(255) * _joined_with_edges(near))
    background = background.filter(ImageFilter.MaxFilter(2 * RIM + 1))
    background = background.filter(ImageFilter.GaussianBlur(SOFT))
    return 1 - np.asarray(background, np.float32) / 255


def _joined_with_edges(mask: np.ndarray) -> np.ndarray:
    """bool[H, W]: what of a mask is joined with the picture's edges, in steps of one pixel."""
    reached = mask.copy()
    reached[1:-1, 1:-1] = False
    while True:
        before = reached.sum()
        for view, allowed in ((reached, mask), (reached.T, mask.T)):
            for step in (1, -1):
                rows, free = view[::step], allowed[::step]
                for y in range(1, len(rows)):
                    rows[y] |= rows[y - 1] & free[y]
        if reached.sum() == before:
            return reached
