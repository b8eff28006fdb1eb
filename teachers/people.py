"""People in a picture: where they are, what is skin, and the features that make a face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..sdk.faces import Face, FaceMesh
from ..sdk.interpreter import load_interpreter
from .lines import fixed
from .opencv import cv2

SEGMENTER = Path(__file__).parent / "models/selfie_segmentation.tflite"
SEGMENTED = 256  # pixels a side of what it sees
SMALLEST = 40  # pixels between forehead and chin, of faces whose features are drawn
# Contours of MediaPipe's mesh, in order.
EYES = (
    [33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7],
    [263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249],
)
UPPER_LIDS = (EYES[0][:9], EYES[1][:9])
BROWS = (
    [70, 63, 105, 66, 107, 55, 65, 52, 53, 46],
    [300, 293, 334, 296, 336, 285, 295, 282, 283, 276],
)
LIPS = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
INNER_LIPS = [
    78,
    191,
    80,
    81,
    82,
    13,
    312,
    311,
    310,
    415,
    308,
    324,
    318,
    402,
    317,
    14,
    87,
    178,
    88,
    95,
]
NOSE = [49, 48, 115, 220, 45, 4, 275, 440, 344, 278, 279, 358, 327, 326, 2, 97, 98, 129]
OVAL = [
    10,
    338,
    297,
    332,
    284,
    251,
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
    21,
    54,
    103,
    67,
    109,
]
JAW = OVAL[9:28]
CHEEKS = [50, 280, 101, 330, 205, 425, 117, 346, 187, 411, 151, 9, 4, 195]


@dataclass(frozen=True)
class FaceParts:
    """One face's masks, float32[H, W] in 0..1, and its measure.

    Attributes:
        points: float32[468, 2].
        unit: pixels from forehead to chin.
    """

    points: np.ndarray
    unit: float
    oval: np.ndarray
    eyes: np.ndarray
    brows: np.ndarray
    lips: np.ndarray
    mouth: np.ndarray
    nose: np.ndarray
    jaw: np.ndarray


@cache
def _mesh() -> FaceMesh:
    return FaceMesh()


@cache
def _segmenter():
    network, _ = load_interpreter(SEGMENTER, threads=1)
    return network


def faces_of(rgb: np.ndarray) -> list[FaceParts]:
    """The faces of uint8[H, W, 3] that are large enough to have features, the largest first."""
    found = [_parts(face, rgb.shape[:2]) for face in _mesh().detect(rgb) if face.points is not None]
    return sorted((one for one in found if one.unit >= SMALLEST), key=lambda one: -one.unit)


def persons(rgb: np.ndarray) -> np.ndarray:
    """The share of each pixel that belongs to a person near the camera: float32[H, W].

    MediaPipe's selfie segmentation, its edge sharpened by the picture's (He et al. 2010).
    """
    network = _segmenter()
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (SEGMENTED, SEGMENTED), interpolation=cv2.INTER_AREA)
    network.set_tensor(network.get_input_details()[0]["index"], small[None] / np.float32(255))
    network.invoke()
    share = network.get_tensor(network.get_output_details()[0]["index"])[0, :, :, 0]
    share = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC)
    share = cv2.ximgproc.guidedFilter(rgb.astype(np.float32) / 255, share, 6, 1e-4)
    return np.clip(share * 1.6 - 0.3, 0, 1)


def skin_of(lab: np.ndarray, face: FaceParts, figure: np.ndarray) -> np.ndarray:
    """How much each pixel is skin of a person: near in colour to the cheeks, and not far from them.

    A Gaussian of chroma and a wider one of lightness about the cheeks' median: float32[H, W].
    """
    base = skin_base(lab, face)
    spread = (5.5 + 0.1 * np.hypot(*base[1:])) * (1 + 0.9 * face.oval)
    chroma = ((lab[..., 1:] - base[1:]) ** 2).sum(2) / (2 * spread**2)
    light = lab[..., 0] - base[0]
    above = 12 + 24 * face.oval  # shining foreheads are skin, shirts are not
    below = 13 + 15 * face.oval  # brown hair is not, shadows of a face are
    light = (light / np.where(light < 0, below, above)) ** 2 / 2
    near = np.exp(-np.maximum(chroma - 0.5, 0) - np.maximum(light - 0.5, 0))
    height, width = near.shape
    y, x = np.mgrid[:height, :width] - face.points.mean(0)[::-1, None, None]
    close = np.exp(-((np.hypot(x, y) / (4 * face.unit)) ** 4))
    skin = (near * np.maximum(figure * close, face.oval)).astype(np.float32)
    return cv2.ximgproc.guidedFilter(lab / 100, skin, 5, 1e-4).clip(0, 1)


def skin_base(lab: np.ndarray, face: FaceParts) -> np.ndarray:
    """The median colour of the cheeks and the forehead, float64[3]."""
    height, width = lab.shape[:2]
    reach = max(1, int(face.unit / 60))
    patches = [
        lab[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].reshape(-1, 3)
        for x, y in face.points[CHEEKS].round().astype(int)
        if 0 <= x < width and 0 <= y < height
    ]
    return np.median(np.concatenate(patches) if patches else lab.reshape(-1, 3), 0)


def _parts(face: Face, shape: tuple[int, int]) -> FaceParts:
    points = face.points[:, :2]
    unit = float(np.linalg.norm(points[10] - points[152]))

    def area(contours: tuple[list[int], ...], soft: float, grown: float = 0) -> np.ndarray:
        mask = np.zeros(shape, np.float32)
        for contour in contours:
            cv2.fillPoly(mask, [fixed(points[contour])], 1, cv2.LINE_AA, 4)
        if grown:
            side = 2 * round(grown * unit) + 1
            mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        return cv2.GaussianBlur(mask, (0, 0), max(0.8, soft * unit))

    jaw = np.zeros(shape, np.float32)
    band = max(1, round(0.05 * unit))
    cv2.polylines(jaw, [fixed(points[JAW])], False, 1, band, cv2.LINE_AA, 4)
    return FaceParts(
        points,
        unit,
        oval=area((OVAL,), 0.02),
        eyes=area(EYES, 0.012, 0.015),
        brows=area(BROWS, 0.012, 0.008),
        lips=area((LIPS,), 0.01),
        mouth=area((INNER_LIPS,), 0.004),
        nose=area((NOSE,), 0.015),
        jaw=cv2.GaussianBlur(jaw, (0, 0), 0.015 * unit),
    )
