"""Converters: from a network to a TFLite bundle, and the checks that it is a faithful one.

Names are imported on first use: torch is slow to load.
"""

from ..lazy import names_from

_HOMES = {
    "Fidelity": ".fidelity",
    "OnnxReference": ".onnx_reference",
    "RouteEnvironment": ".environment",
    "Verification": ".verification",
    "convert": ".bundle",
    "embed_metadata": ".metadata",
    "foreign_card": ".foreign",
    "load_foreign": ".foreign",
    "read_metadata": ".metadata",
    "rewrite": ".rewrites",
    "to_onnx": ".onnx_model",
    "to_tflite": ".tflite",
    "verify": ".verification",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
