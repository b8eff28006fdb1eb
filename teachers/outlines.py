"""The lines of a picture with people: few on skin, fewer where everything would be lines."""

from __future__ import annotations

import numpy as np

from .flow import flow_of
from .lines import edge_response, strokes, tapered
from .opencv import cv2
from .people import INNER_LIPS, UPPER_LIDS, FaceParts
from .scene import Scene

WIDTH = 2.3  # pixels: sigma of a line
WEAK, STRONG, SHORTEST = 0.55, 1.3, 34  # units of lightness; pixels
OUTLINE = 22.0  # units of lightness that people are taken to be darker than what is behind them
CROWDED = 8.0  # how much a threshold rises where everything would be lines
BEHIND = 1.3  # times the thresholds that lines away from people have
CLEAN = 6.0  # times the thresholds that lines on skin have


def outlines(scene: Scene) -> np.ndarray:
    """Ink of 0..1, float32[H, W]: strokes along edges, lids, and the line between lips."""
    response = contrast_of(scene)
    limit = limits(scene, response)
    ink = strokes(response, WEAK * limit, STRONG * limit, SHORTEST * scene.unit)
    return np.maximum(ink, feature_lines(scene.faces, ink.shape))


def contrast_of(scene: Scene) -> np.ndarray:
    """How much a stroke at each pixel is called for; textures were smoothed before."""
    fine = cv2.bilateralFilter(scene.lab, -1, 8.0, 1.8 * scene.unit)
    fine = 0.6 * fine + 0.4 * scene.flat
    flow = flow_of(np.dstack([fine, 40 * scene.figure]), 3.0 * scene.unit)
    lightness = fine[..., 0] + OUTLINE * (1 - scene.figure)
    return edge_response(lightness, flow, WIDTH * scene.unit)


def limits(scene: Scene, response: np.ndarray) -> np.ndarray:
    """Factors of the thresholds, float32[H, W]."""
    features, skin = scene.features, scene.skin
    steps = max(1, round(2 * scene.unit))
    inner = cv2.erode(skin, np.ones((3, 3), np.uint8), iterations=steps)
    # a jaw is drawn where there is one to be seen, and so are nostrils
    kept = scene.union([features, *(m for f in scene.faces for m in (f.jaw, 0.7 * f.nose))])
    side = 2 * round(20 * scene.unit) + 1
    crowd = cv2.blur((response > WEAK).astype(np.float32), (side, side))
    limit = 1 + CROWDED * np.clip(crowd - 0.2, 0, 0.3) * (1 - features)
    if scene.faces:
        limit *= 1 + (BEHIND - 1) * (1 - scene.figure)
    lips = scene.union(face.lips for face in scene.faces)  # which shine
    return limit * (1 + (CLEAN - 1) * inner * (1 - kept)) * (1 - 0.3 * features + lips)


def feature_lines(faces: list[FaceParts], shape: tuple[int, int]) -> np.ndarray:
    """The upper lids, and the line between the lips: tapered strokes."""
    ink = np.zeros(shape, np.float32)
    for face in faces:
        for lid in UPPER_LIDS:
            ink = np.maximum(ink, 0.85 * tapered(face.points[lid], 0.012 * face.unit, shape))
        upper = face.points[INNER_LIPS[:11]]
        lower = face.points[[INNER_LIPS[0], *INNER_LIPS[:9:-1]]]
        if np.linalg.norm(upper[5] - lower[5]) < 0.025 * face.unit:
            line = tapered((upper + lower) / 2, 0.011 * face.unit, shape)
        else:
            line = 0.8 * tapered(upper, 0.007 * face.unit, shape)
        ink = np.maximum(ink, 0.8 * line)
    return ink
