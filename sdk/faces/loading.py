"""Which detector a file is."""

from __future__ import annotations

from pathlib import Path

from ...errors import DataError, UsageError
from .blazeface import BlazeFaceDetector
from .detector import FaceDetector
from .haar import HaarDetector
from .yunet import YuNetDetector

_BY_SUFFIX = {".onnx": YuNetDetector, ".tflite": BlazeFaceDetector}


def load_detector(path: str | Path | None = None) -> FaceDetector:
    """OpenCV's Haar cascades, or a detector from a file of one's own.

    Args:
        path: a YuNet (`.onnx`) or a BlazeFace of short range (`.tflite`).

    Raises:
        UsageError: the file's suffix is another.
        DataError: there is no such file.
        FormatError: the file is no such detector, or damaged.
    """
    if path is None:
        return HaarDetector()
    path = Path(path)
    if path.suffix.lower() not in _BY_SUFFIX:
        raise UsageError(f"{path} is no face detector: a YuNet .onnx or a BlazeFace .tflite is")
    if not path.is_file():
        raise DataError(f"no such file: {path}")
    return _BY_SUFFIX[path.suffix.lower()](path)
