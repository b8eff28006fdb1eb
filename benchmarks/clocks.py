"""The seconds that something takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def timed(function: Callable, *arguments) -> float:
    """Of one call, without gradients."""
    start = time.perf_counter()
    with torch.no_grad():
        function(*arguments)
    return time.perf_counter() - start
