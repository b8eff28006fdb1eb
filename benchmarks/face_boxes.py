"""How large a portrait's crop is in sides of a face's box, which is all that cameras tell.

    python benchmarks/face_boxes.py --shared DIR          # writes results/face_boxes.json

DIR holds data/portraits/cc_by (the Face Research Lab London Set, CC BY 4.0) and the detectors in
weights/face_detect. A crop is where networks were trained to see the pupils; three detectors give
boxes of three kinds, and Android's camera2 says of its own only that they are around faces.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from pocketstyle.images import read_rgb
from pocketstyle.sdk.faces.alignment import Alignment
from pocketstyle.sdk.faces.detector import Face, FaceDetector
from pocketstyle.sdk.faces.loading import load_detector

OUT = Path(__file__).parent / "results/face_boxes.json"
DETECTORS = {
    "BlazeFace": "face_detection_short_range.tflite",
    "YuNet": "yunet_s_320_320.onnx",
}
PICTURES = 80


class HaarDetector(FaceDetector):
    """Boxes by the cascade that comes with OpenCV (Viola and Jones 2001), pupils by the mesh."""

    def __init__(self) -> None:
        super().__init__()
        folder = Path(cv2.data.haarcascades)
        self._boxes = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
        self._mesh = load_detector()

    def find(self, rgb: np.ndarray) -> list[Face]:
        boxes = self._boxes.detectMultiScale(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), 1.1, 4)
        faces = self._mesh.detect(rgb)[:1]
        return [replace(face, box=tuple(box.tolist())) for face in faces for box in boxes]


def crops_in_boxes(detector: FaceDetector, pictures: list[np.ndarray]) -> dict:
    """The crop's side, and where its middle lies below the box's, in sides of the box."""
    found = []
    for rgb in pictures:
        if faces := detector.find(rgb):
            face = max(faces, key=lambda one: one.box[2] * one.box[3])
            crop, longer = Alignment.of(face), max(face.box[2:])
            below = crop.corners()[:, 1].mean() - face.middle[1]
            found.append((crop.side / longer, below / longer))
    side, below = np.transpose(found)
    low, middle, high = np.percentile(side, [10, 50, 90])
    return {
        "n": len(found),
        "side": {"median": middle, "p10": low, "p90": high},
        "middle_below": float(np.median(below)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    shared = parser.parse_args().shared
    paths = sorted((shared / "data/portraits/cc_by").glob("london_*.jpg"))[:PICTURES]
    pictures = [read_rgb(path)[::2, ::2].copy() for path in paths]
    weights = shared / "weights/face_detect"
    result = {"Haar": crops_in_boxes(HaarDetector(), pictures)} | {
        name: crops_in_boxes(load_detector(weights / file), pictures)
        for name, file in DETECTORS.items()
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
