"""The style `ink`: black lines and spotted blacks on white paper, and one grey."""

from __future__ import annotations

import numpy as np

from .opencv import cv2, ximgproc
from .outlines import outlines
from .people import skin_base
from .scene import Scene, scene_of
from .tones import blurred_within

BLACK, GREY, WHITE = 10, 150, 250  # of 255
BLACK_BELOW, GREY_BELOW = 34.0, 60.0  # units of lightness
LOCAL, REACH = 0.4, 28  # how much of the contrast with what is so many pixels around is added


def ink(rgb: np.ndarray) -> np.ndarray:
    """Draw a picture.

    Args:
        rgb: uint8[H, W, 3], longer side about 768.

    Returns:
        uint8[H, W, 3], of equal channels.
    """
    scene = scene_of(rgb)
    light = drawn_light(scene)
    paper = WHITE + (GREY - WHITE) * below(light, GREY_BELOW)
    black = below(light, BLACK_BELOW)
    paper = paper + (BLACK - paper) * black
    # lines are black, and grey within blacks, so that folds and locks are seen there
    line = BLACK + (GREY - BLACK) * black * (1 - scene.features)
    paper = paper + (line - paper) * outlines(scene)
    return np.repeat(paper.clip(0, 255).round().astype(np.uint8)[..., None], 3, 2)


def below(light: np.ndarray, threshold: float) -> np.ndarray:
    """1 where it is darker than a threshold, 0 where it is lighter; between them one pixel."""
    change = np.hypot(*(cv2.Scharr(light, cv2.CV_32F, *order) / 32 for order in ((1, 0), (0, 1))))
    return np.clip(0.5 + (threshold - light) / np.maximum(1.2 * change, 0.2), 0, 1)


def drawn_light(scene: Scene) -> np.ndarray:
    """Lightness of large simple shapes, with local contrast, and skin brought to its own tones."""
    light = ximgproc.rollingGuidanceFilter(
        scene.flat[..., 0], d=-1, sigmaColor=8.0, sigmaSpace=4.5 * scene.unit, numOfIter=2
    )
    light = scene.blurred(light, 1.6)
    light = light + LOCAL * (light - scene.blurred(light, REACH))
    for face, skin in zip(scene.faces, scene.skins, strict=True):
        base = skin_base(scene.flat, face)[0]
        # a light face is paper with grey shadows, a dark one grey with lights of paper
        target = np.interp(base, [30, 48, 62], [52, 66, 76])
        soft = blurred_within(scene.flat, skin**2, max(1.5, 0.014 * face.unit))[..., 0]
        shade = soft - base
        shade = np.where(shade < 0, 0.8 * shade, 1.1 * shade)
        light = light + skin * (target + shade - light)
    detail = cv2.bilateralFilter(scene.lab[..., 0], -1, 6.0, 1.6 * scene.unit)
    for face in scene.faces:
        middle = cv2.GaussianBlur(scene.flat[..., 0], (0, 0), 0.08 * face.unit)
        eyes = cv2.GaussianBlur(detail, (0, 0), 0.004 * face.unit + 0.4) - middle
        light = light + face.eyes * (64 + 1.6 * eyes - light)
        soft = cv2.GaussianBlur(detail, (0, 0), 0.008 * face.unit + 0.5) - middle
        light = light + face.brows * 2.0 * np.minimum(soft + 3, 0)
        lips = face.lips * (1 - face.mouth)
        light = light + lips * (GREY_BELOW - 3 + 0.7 * (soft - 4) - light)
        light = light + face.mouth * (detail + 12 - light)
    return light.astype(np.float32)
