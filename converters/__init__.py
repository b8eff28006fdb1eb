"""Converters: from a network to a TFLite bundle, and the checks that it is a faithful one.

Names are imported on first use: torch is slow to load.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Fidelity": "fidelity",
    "RouteEnvironment": "environment",
    "Verification": "verification",
    "convert": "bundle",
    "embed_metadata": "metadata",
    "load_foreign": "foreign",
    "read_metadata": "metadata",
    "rewrite": "rewrites",
    "to_onnx": "onnx_model",
    "to_tflite": "tflite",
    "verify": "verification",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
