"""What a network drew before an even background, as avatars have one."""

from __future__ import annotations

import numpy as np

from .opencv import cv2

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
    _, labels = cv2.connectedComponents(near.astype(np.uint8))
    outer = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    background = np.isin(labels, outer[outer > 0]).astype(np.float32)
    background = cv2.dilate(background, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8))
    return 1 - cv2.GaussianBlur(background, (0, 0), SOFT)
