"""Converters: from a network to a TFLite bundle, and the checks that it is a faithful one.

Names are imported on first use: torch is slow to load.
"""

from ..lazy import names_from

_HOMES = {
    "Fidelity": ".fidelity",
    "OnnxReference": ".onnx_reference",
    "RouteEnvironment": ".environment",
    "Verification": ".verification",
    "check_frames": ".frames",
    "convert": ".bundle",
    "embed_metadata": ".metadata",
    "foreign_card": ".foreign",
    "kernels_of_file": ".kernels",
    "load_foreign": ".foreign",
    "read_metadata": ".metadata",
    "rewrite": ".rewrites",
    "stored_values": ".kernels",
    "to_onnx": ".onnx_model",
    "to_tflite": ".tflite",
    "verify": ".verification",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
