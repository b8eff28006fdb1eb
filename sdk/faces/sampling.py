"""Pictures resampled: squares cut at any angle, and laid back.

Points are counted from a picture's upper left corner, so that the first pixel's middle is
(0.5, 0.5); Pillow counts in the same way.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

_MARGIN = 2  # cells around what is cut, for the interpolation


def square_at(x: float, y: float, side: float, angle: float, size: float = 1.0) -> np.ndarray:
    """float64[2, 3]: takes points [u, v, 1] of a square of `size` pixels to the picture's.

    Args:
        x, y: the square's middle in the picture, pixels.
        side: of the square in the picture, pixels.
        angle: of its upper edge, radians, clockwise as one sees the picture.
        size: of the square once it is cut, pixels.
    """
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = side / size * np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, (x, y) - turn @ (size / 2, size / 2)])


def cut(rgb: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """A square of a picture; what lies outside of the picture repeats its border.

    Args:
        rgb: uint8[H, W, 3].
        matrix: float64[2, 3], takes points of the square, pixels, to the picture's.
        size: of the square, pixels.

    Returns:
        uint8[size, size, 3].
    """
    corners = np.array([[0, 0, 1], [size, 0, 1], [size, size, 1], [0, size, 1]]) @ matrix.T
    # averaged first, so that no pixel of a large square is passed over
    coarser = max(1, round(math.hypot(*matrix[:, 0])))
    low = np.floor(corners.min(0) / coarser).astype(int) - _MARGIN
    high = np.ceil(corners.max(0) / coarser).astype(int) + _MARGIN
    parts, missing = [], []
    for start, end, length in zip(low[::-1], high[::-1], rgb.shape[:2], strict=True):
        cells = -(-length // coarser)
        first = min(max(start, 0), cells - 1)
        last = min(max(end, first + 1), cells)
        before = min(max(first - start, 0), end - start - 1)
        parts.append(slice(first * coarser, last * coarser))
        missing.append((before, end - start - before - (last - first)))
    part = np.asarray(Image.fromarray(rgb[parts[0], parts[1]]).reduce(coarser))
    part = np.pad(part, [*missing, (0, 0)], mode="edge")
    to_part = matrix / coarser
    to_part[:, 2] -= low
    made = Image.fromarray(part).transform(
        (size, size), Image.Transform.AFFINE, to_part.ravel().tolist(), Image.Resampling.BILINEAR
    )
    return np.asarray(made)


def warped(picture: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """float32[H, W] or uint8[H, W, 3], resampled by a cubic to a size; 0 outside of it.

    Args:
        picture: float32[h, w] or uint8[h, w, 3].
        matrix: float64[2, 3], takes points of what is made to the picture's.
        width, height: of what is made.
    """
    made = Image.fromarray(picture).transform(
        (width, height), Image.Transform.AFFINE, matrix.ravel().tolist(), Image.Resampling.BICUBIC
    )
    return np.asarray(made)


def shrunk(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture at another size; each pixel is the mean of what it covers, or between its own."""
    made = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(made)
