"""Significant digits: coarser than any rounding error, so that a card is the same everywhere."""

from __future__ import annotations

import numpy as np

from .runtimes import Numbers


def digits(values: Numbers, count: int) -> Numbers:
    """Each of an array's numbers (or the one number) to so many significant digits."""
    return np.vectorize(lambda value: float(f"{value:.{count}g}"), otypes=[float])(values)
