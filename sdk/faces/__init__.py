"""Faces in pictures and videos: found, cropped as portrait networks know them, put back.

Names are imported on first use. The networks in `models/` are MediaPipe's (NOTICE).
"""

from ...lazy import names_from

_HOMES = {
    "Alignment": ".alignment",
    "Face": ".detector",
    "FaceDetector": ".detector",
    "FaceMesh": ".mesh",
    "NoFace": ".portrait",
    "OneEuro": ".one_euro",
    "Portrait": ".portrait",
    "Tracker": ".tracking",
    "load_detector": ".loading",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
