"""Detectors, pictures with faces, and a network that draws negatives."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pocketstyle.sdk import read_rgb
from pocketstyle.sdk.faces import FaceDetector, load_detector

ROOT = Path(__file__).parents[3]
SHARED = (ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared")).resolve()
PORTRAITS = SHARED / "data/portraits/cc_by"
FILES = {
    "mesh": None,
    "yunet": SHARED / "weights/face_detect/yunet_s_320_320.onnx",
    "blazeface": SHARED / "weights/face_detect/face_detection_short_range.tflite",
}


def find_file(name: str) -> Path | None:
    path = FILES[name]
    if path is not None and not path.exists():
        pytest.skip(f"no {path} (set POCKETSTYLE_SHARED)")
    if name == "yunet":
        pytest.importorskip("cv2", reason="YuNet needs OpenCV")
    return path


@pytest.fixture(scope="session")
def mesh() -> FaceDetector:
    return load_detector()


@pytest.fixture(scope="session", params=FILES)
def detector(request) -> FaceDetector:
    return load_detector(find_file(request.param))


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    return read_rgb(ROOT / "demo/astronaut.jpg")


class Negative:
    """What a Stylizer offers, drawing negatives."""

    size, may_draw_portraits = 64, True

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def apply(self, square: np.ndarray, out: None = None) -> np.ndarray:
        assert square.shape == (self.size, self.size, 3) and square.dtype == np.uint8
        self.seen.append(square)
        return 255 - square

    def stylize(self, rgb: np.ndarray, fit: str) -> np.ndarray:
        assert fit == "stretch"
        return 255 - rgb


@pytest.fixture
def negative() -> Negative:
    return Negative()
