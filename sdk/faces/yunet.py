"""Faces by YuNet, an ONNX file that the user has, played by OpenCV.

Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector", 2023.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import FormatError, PocketstyleError
from .detector import Face, FaceDetector

SCORE = 0.7  # of 1: what is in doubt would come and go in a video
OVERLAP = 0.3  # of 1, above which two boxes are of one face


class YuNetDetector(FaceDetector):
    """Faces of about 10 pixels a side and more, half turned away too.

    Raises:
        FormatError: the file is no YuNet, or damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            import cv2
        except ImportError as error:
            raise PocketstyleError(
                f"YuNet needs OpenCV; run `pip install opencv-python-headless` ({error})"
            ) from error
        data = np.fromfile(path, np.uint8)  # OpenCV's own reading fails on some names
        try:
            self._network = cv2.FaceDetectorYN.create(
                "onnx", data, np.empty(0, np.uint8), (32, 32), SCORE, OVERLAP
            )
            self.find(np.zeros((32, 32, 3), np.uint8))  # which finds what is no face detector
        except cv2.error as error:
            raise FormatError(f"{path} is no YuNet face detector: {error.err}") from error

    def find(self, rgb: np.ndarray) -> list[Face]:
        height, width = rgb.shape[:2]
        self._network.setInputSize((width, height))
        _, rows = self._network.detect(np.ascontiguousarray(rgb[..., ::-1]))
        # box, the person's right eye, which is left in a picture, left eye, nose, mouth, score
        found = [
            Face(tuple(row[:4]), tuple(row[4:6]), tuple(row[6:8]), row[14])
            for row in ([] if rows is None else rows.tolist())
        ]
        return [face for face in found if _plausible(face)]


def _plausible(face: Face) -> bool:
    """Whether both eyes lie within the box: OpenCV rarely gives numbers that mean nothing."""
    left, top, width, height = face.box
    return all(
        left <= x <= left + width and top <= y <= top + height
        for x, y in (face.left_eye, face.right_eye)
    )
