"""Which detector a file is."""

from __future__ import annotations

from pathlib import Path

from ...errors import DataError, UsageError
from .blazeface import BlazeFaceDetector
from .detector import FaceDetector
from .mesh import FaceMesh
from .yunet import YuNetDetector

_BY_SUFFIX = {".onnx": YuNetDetector, ".tflite": BlazeFaceDetector}


def load_detector(path: str | Path | None = None) -> FaceDetector:
    """The face mesh that the SDK ships, or a detector from a file of one's own.

    Args:
        path: a YuNet (`.onnx`, which OpenCV plays) or a BlazeFace of short range (`.tflite`).

    Raises:
        PocketstyleError: OpenCV is not installed, and the file is a YuNet.
        UsageError: the file's suffix is another.
        DataError: there is no such file.
        FormatError: the file is no such detector, or damaged.
    """
    if path is None:
        return FaceMesh()
    path = Path(path)
    if path.suffix.lower() not in _BY_SUFFIX:
        raise UsageError(f"{path} is no face detector: a YuNet .onnx or a BlazeFace .tflite is")
    if not path.is_file():
        raise DataError(f"no such file: {path}")
    return _BY_SUFFIX[path.suffix.lower()](path)
