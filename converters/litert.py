"""The route of litert-torch: torch's own export, lowered to TFLite without a detour."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from ..quiet import quiet


def by_litert(functions: Mapping[str, tuple[nn.Module, tuple[Tensor, ...]]]) -> bytes:
    """A TFLite file of float32 weights.

    Args:
        functions: by signature, each with examples of what it takes; all of them share the weights.
    """
    with quiet():
        import litert_torch

        converter = litert_torch
        for name, (function, examples) in functions.items():
            converter = converter.signature(name, function, examples)
        return converter.convert().model_content()
