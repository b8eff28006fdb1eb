"""The route of litert-torch: torch's own export, lowered to TFLite without a detour."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ..quiet import quiet
from .exported import Stylize


def by_litert(function: Stylize, sizes: Mapping[str, int]) -> bytes:
    """A TFLite file of float32 weights, one picture [1, size, size, 3] in, one out.

    Args:
        sizes: of pictures, by the signature that takes them; all of them share the weights.
    """
    with quiet():
        import litert_torch

        converter = litert_torch
        for name, size in sizes.items():
            converter = converter.signature(name, function, (torch.zeros(1, size, size, 3),))
        return converter.convert().model_content()
