"""The route of litert-torch: torch's own export, lowered to TFLite without a detour."""

from __future__ import annotations

import torch

from ..quiet import quiet
from .exported import Stylize


def by_litert(function: Stylize, size: int) -> bytes:
    """A TFLite file of float32 weights, one picture [1, size, size, 3] in, one out."""
    with quiet():
        import litert_torch

        return litert_torch.convert(function, (torch.zeros(1, size, size, 3),)).model_content()
