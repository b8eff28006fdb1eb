"""Faces in pictures and videos: found, cropped as portrait networks know them, put back.

Needs the extra `portrait` (OpenCV). Names are imported on first use, OpenCV with them.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Alignment": ".alignment",
    "Face": ".detector",
    "FaceDetector": ".detector",
    "NoFace": ".portrait",
    "OneEuro": ".one_euro",
    "Portrait": ".portrait",
    "Tracker": ".tracking",
    "load_detector": ".loading",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
