"""The style `ink`: black lines and spotted blacks on white paper, and one grey."""

from __future__ import annotations

import numpy as np

from .opencv import cv2, ximgproc
from .outlines import outlines
from .people import skin_base
from .scene import Scene, scene_of
from .tones import blurred_within

BLACK, GREY, WHITE = 12, 158, 250  # of 255
BLACK_BELOW, GREY_BELOW = 30.0, 56.0  # units of lightness
SOFT = 0.7  # units of lightness: of a tone's edge
LOCAL, REACH = 0.7, 28  # how much of the contrast with what is so many pixels around is added


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
    paper = paper + (BLACK - paper) * below(light, BLACK_BELOW)
    paper = paper + (BLACK - paper) * outlines(scene)
    return np.repeat(paper.clip(0, 255).round().astype(np.uint8)[..., None], 3, 2)


def below(light: np.ndarray, threshold: float) -> np.ndarray:
    """1 where it is darker than a threshold, 0 where it is lighter, with a soft edge.

    Winnemöller, Kyprianidis and Olsen, "XDoG", 2012, equation 5.
    """
    return 0.5 - 0.5 * np.tanh((light - threshold) / SOFT)


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
        target = np.interp(base, [30, 48, 62], [46, 60, 72])
        soft = blurred_within(scene.flat, skin**2, max(1.5, 0.014 * face.unit))[..., 0]
        shade = soft - base
        shade = np.where(shade < 0, 0.8 * shade, 1.1 * shade)
        light = light + skin * (target + shade - light)
    detail = cv2.bilateralFilter(scene.lab[..., 0], -1, 6.0, 1.6 * scene.unit)
    for face in scene.faces:
        middle = cv2.GaussianBlur(scene.flat[..., 0], (0, 0), 0.08 * face.unit)
        light = light + face.eyes * (64 + 1.6 * (detail - middle) - light)
        hair = cv2.GaussianBlur(detail, (0, 0), 0.008 * face.unit + 0.5) - middle
        light = light + face.brows * 2.0 * np.minimum(hair + 3, 0)
        lips = face.lips * (1 - face.mouth)
        light = light + lips * (60 + 0.9 * (hair + 4) - light)
        light = light + face.mouth * (detail + 12 - light)
    return light
