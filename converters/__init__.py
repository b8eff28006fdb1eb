"""Converters: from a network to a TFLite bundle, and the checks that it is a faithful one.

Names are imported on first use: torch is slow to load.
"""

from ..lazy import names_from

_HOMES = {
    "Fidelity": ".fidelity",
    "RouteEnvironment": ".environment",
    "Verification": ".verification",
    "check_frames": ".frames",
    "convert": ".bundle",
    "embed_metadata": ".metadata",
    "load_foreign": ".foreign",
    "read_metadata": ".metadata",
    "rewrite": ".rewrites",
    "to_onnx": ".onnx_model",
    "to_tflite": ".tflite",
    "verify": ".verification",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
