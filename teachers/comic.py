"""The style `comic`: flat warm colours in few tones, and lines in a dark tint of each colour."""

from __future__ import annotations

import numpy as np

from .opencv import cv2, ximgproc
from .outlines import outlines
from .people import FaceParts, skin_base
from .scene import Scene, scene_of
from .tones import blurred_within, rgb_of, stepped

STEP, SOFT = 17.0, 1.6  # units of lightness between tones, and of a tone's edge
SKIN_STEP = 12.0
SKIN_HUES, SKIN_CHROMA = (0.87, 1.10), (17.0, 27.0)  # radians, CIELAB units
INK = 0.2  # of the local colour's lightness, which a line has


def comic(rgb: np.ndarray) -> np.ndarray:
    """Draw a picture.

    Args:
        rgb: uint8[H, W, 3], longer side about 768.

    Returns:
        uint8[H, W, 3].
    """
    scene = scene_of(rgb)
    colour = toned(scene)
    for face, skin in zip(scene.faces, scene.skins, strict=True):
        colour += skin[..., None] * (skin_tones(scene.flat, face, skin) - colour)
    colour = with_features(coloured(colour, scene.skin), scene)
    drawn = inked(crisp(colour, scene.unit), outlines(scene))
    return (rgb_of(drawn) * 255).round().astype(np.uint8)


def toned(scene: Scene) -> np.ndarray:
    """Few tones of lightness, in simple shapes; chroma without detail."""
    light = ximgproc.rollingGuidanceFilter(
        scene.flat[..., 0], d=-1, sigmaColor=8.0, sigmaSpace=4.5 * scene.unit, numOfIter=2
    )
    made = scene.blurred(scene.flat, 1.2)
    steps = stepped(scene.blurred(light, 1.4), STEP, SOFT, 6.0)
    made[..., 0] = 0.9 * steps + 0.1 * scene.flat[..., 0]
    return made


def skin_tones(flat: np.ndarray, face: FaceParts, skin: np.ndarray) -> np.ndarray:
    """Skin in steps from the cheeks' own lightness: the same shapes for every complexion."""
    base = skin_base(flat, face)
    soft = blurred_within(flat, skin**2, max(1.5, 0.016 * face.unit))
    shade = soft[..., 0] - base[0]
    shade = np.sign(shade) * np.maximum(np.abs(shade) - 1.5, 0)
    shade = np.where(shade > 0, 0.75 * shade, shade)
    tone = 0.92 * stepped(shade, SKIN_STEP, SOFT) + 0.08 * shade
    tone = np.clip(tone, -3.2 * SKIN_STEP, 1.6 * SKIN_STEP)
    chroma = skin_colour(base) + 0.35 * (soft[..., 1:] - base[1:])
    chroma -= tone[..., None] * (0.10, 0.04)  # shadows are warmer
    return np.dstack([base[0] + tone, chroma]).astype(np.float32)


def skin_colour(base: np.ndarray) -> np.ndarray:
    """The chroma of drawn skin: as the person's, less red and less pale than lights make it."""
    hue, chroma = np.arctan2(base[2], base[1]), np.hypot(base[1], base[2])
    hue += 0.6 * (np.clip(hue, *SKIN_HUES) - hue)
    chroma += 0.6 * (np.clip(chroma, *SKIN_CHROMA) - chroma)
    return chroma * np.array([np.cos(hue), np.sin(hue)])


def coloured(lab: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Brighter shadows, richer and warmer colours, greys left alone."""
    made = lab.copy()
    made[..., 0] = 100 * (lab[..., 0].clip(0, 100) / 100) ** 0.9 * 0.98 + 2
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    gain = 1 + (0.34 - 0.14 * skin) * np.clip(chroma / 12, 0, 1) * np.clip(1.6 - chroma / 60, 0, 1)
    made[..., 1:] *= gain[..., None]
    made[..., 1] += 0.8
    made[..., 2] += 3.0
    return made


def with_features(colour: np.ndarray, scene: Scene) -> np.ndarray:
    """Eyes, lips and teeth as the photo has them, with more contrast; darker brows."""
    made = colour.copy()
    if not scene.faces:
        return made
    detail = cv2.bilateralFilter(scene.lab, -1, 3.0, 1.2 * scene.unit)
    light = detail[..., 0]
    sharp = light + 0.45 * (light - scene.blurred(light, 4))
    for face in scene.faces:
        middle = cv2.GaussianBlur(colour[..., 0], (0, 0), 0.1 * face.unit)
        eyes = np.dstack([middle + 1.15 * (sharp - middle), detail[..., 1:]])
        made += (0.95 * face.eyes)[..., None] * (eyes - made)
        lips = 0.5 * (detail + colour) + np.float32([0, 4, 2])
        lips[..., 1] = np.minimum(lips[..., 1], 34)
        made += (0.75 * face.lips * (1 - face.mouth))[..., None] * (lips - made)
        teeth = detail * np.float32([1.08, 0.6, 0.6])
        made += (0.85 * face.mouth)[..., None] * (teeth - made)
        dark = cv2.GaussianBlur(light, (0, 0), 0.01 * face.unit + 0.5)
        made[..., 0] += 0.85 * face.brows * np.minimum(0, dark - middle)
    return made


def crisp(colour: np.ndarray, unit: float) -> np.ndarray:
    """Edges of tones sharpened without halos (unsharp masking within the local range)."""
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(2 * unit) + 1,) * 2)
    low, high = cv2.erode(colour, around), cv2.dilate(colour, around)
    sharper = colour + 1.5 * (colour - cv2.GaussianBlur(colour, (0, 0), 2.5 * unit))
    return np.clip(sharper, low, high)


def inked(colour: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Lines in a dark tint of the colour that they lie on."""
    local = cv2.GaussianBlur(colour, (0, 0), 3)
    tint = local * np.float32([INK, 0.55, 0.55]) + np.float32([3, 1, -1])
    return colour + ink[..., None] * (tint - colour)
