"""The features painted on a `Head`: the colour of each part, cheeks, nose, mouth, eyes, brows.

A feature is a signed field in head coordinates, laid over the traced face, so it turns with it.
Photo and cartoon share each feature's shape; the cartoon's is flat, and its eyes are larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .head_geometry import (
    BACK_HAIR,
    BEARD,
    BRIM,
    BUN,
    COLLAR,
    EAR,
    FACE,
    HAIR,
    HAT,
    NECK,
    PARTS,
    SHIRT,
    Field,
    Scene,
)

if TYPE_CHECKING:
    from .heads import Head

OUTLINE = np.array((0.25, 0.13, 0.12), np.float32)  # warm dark brown
TOON_EYES = 1.35  # times the size of the photo's eyes


@dataclass
class Paint:
    """Albedo of the picture and the window of it in which a feature is being painted."""

    scene: Scene
    albedo: np.ndarray  # float32[n, n, 3], sRGB; above 1 where it glints

    def at(self, x: float, y: float, reach: float) -> tuple[Field, Field, Patch]:
        """Head coordinates relative to the point (x, y) of the face, and a brush for them."""
        scene = self.scene
        front = -0.5 * math.sqrt(max(1 - (x / 0.55) ** 2 - (y / 0.68) ** 2, 0.05))
        cx, cy, _ = scene.turn @ np.array((x, y, front), np.float32)
        box = scene.window(float(cx), float(cy), reach, reach)
        lx, ly, _ = scene.local(box, scene.z[box])
        part = scene.part[box]
        skin = ((part == FACE) | (part == BEARD)).astype(np.float32)
        return lx - np.float32(x), ly - np.float32(y), Patch(self.albedo[box], skin, scene.pixel)


@dataclass
class Patch:
    """A brush: lays a colour over the face where a signed field is positive."""

    albedo: np.ndarray
    skin: Field
    pixel: float

    def lay(self, inside: Field, colour: np.ndarray, strength: float = 1.0) -> None:
        """Covers where `inside` (head units, > 0 within) with an edge one pixel wide."""
        self.blend(np.clip(inside / self.pixel + 0.5, 0, 1), colour, strength)

    def blend(self, cover: Field, colour: np.ndarray, strength: float = 1.0) -> None:
        """Covers by a share in [0, 1]."""
        share = (cover * self.skin * np.float32(strength))[..., None]
        self.albedo += share * (np.asarray(colour, np.float32) - self.albedo)


def paint_features(head: Head, scene: Scene, toon: bool) -> np.ndarray:
    """Albedo of each pixel, sRGB float32[n, n, 3]."""
    paint = Paint(scene, np.take(_palette(head, toon), scene.part, axis=0))
    skin = np.array(head.skin, np.float32)
    _paint_cheeks(paint, head, skin, toon)
    _paint_nose(paint, skin, toon)
    _paint_mouth(paint, head, skin, toon)
    for side in (-1, 1):
        _paint_eye(paint, head, skin, side, toon)
        _paint_brow(paint, head, side, toon)
    return paint.albedo


def _palette(head: Head, toon: bool) -> np.ndarray:
    """Colour of each part, float32[PARTS, 3]."""
    skin, hair, shirt, accent = (
        np.array(c, np.float32) for c in (head.skin, head.hair, head.shirt, head.accent)
    )
    palette = np.zeros((PARTS, 3), np.float32)
    palette[[NECK, EAR, FACE]] = skin * 0.96, skin * (1, 0.95, 0.94), skin
    palette[[HAIR, BUN, BACK_HAIR]] = hair, hair, hair * 0.82
    palette[BEARD] = hair * 0.85 + skin * 0.12
    palette[[SHIRT, COLLAR]] = shirt, shirt * 0.8 if head.collar != "shirt" else 0.6 + 0.4 * shirt
    palette[[HAT, BRIM]] = accent, accent * 0.8
    return vivid(palette) if toon else palette


def vivid(colour: np.ndarray) -> np.ndarray:
    """The flat colour a cartoon uses for an albedo: lighter and more saturated."""
    grey = colour.mean(-1, keepdims=True)
    return np.clip((grey + 1.18 * (colour - grey)) * 0.95 + 0.06, 0, 1).astype(np.float32)


def _paint_cheeks(paint: Paint, head: Head, skin: np.ndarray, toon: bool) -> None:
    rosy = skin * (0.98, 0.62, 0.60) + (0.06, 0, 0.01)
    for side in (-1, 1):
        x, y, patch = paint.at(side * 0.27, 0.20, 0.22)
        if toon:
            patch.lay(0.085 - np.hypot(x, y * 1.35), rosy, 0.5)
        else:
            soft = np.exp(-(x * x + y * y * 1.4) / 0.012)
            patch.blend(soft, rosy, 0.2 + 0.2 * head.blush)


def _paint_nose(paint: Paint, skin: np.ndarray, toon: bool) -> None:
    x, y, patch = paint.at(0, 0.19, 0.14)
    if toon:
        curve = 0.013 - np.abs(y - 0.025 + 3.5 * x * x)
        patch.lay(np.minimum(curve, 0.055 - np.abs(x)), OUTLINE + 0.25 * skin, 0.9)
        return
    patch.blend(np.exp(-(x * x + (y + 0.04) ** 2) / 0.004), skin * (1.03, 0.86, 0.84), 0.4)
    for side in (-1, 1):
        hole = np.exp(-((x - side * 0.034) ** 2 / 0.0003 + (y - 0.014) ** 2 / 0.00012))
        patch.blend(hole, skin * 0.35, 0.75)


def _paint_mouth(paint: Paint, head: Head, skin: np.ndarray, toon: bool) -> None:
    x, y, patch = paint.at(0, 0.355, 0.22)
    half = 0.115 + 0.035 * head.smile
    u2 = np.minimum((x / half) ** 2, 1.5)
    line = y + 0.045 * head.smile * (u2 - 0.5)  # 0 on the line between the lips
    lip = skin * (0.86, 0.55, 0.54) + (0.06, 0.0, 0.02)
    open_by = max(head.smile - 0.5, 0) * 0.13
    taper = 1 - u2  # < 0 beyond the corners, where there is no lip
    opening = np.minimum(line, open_by * taper - line) if open_by > 0.008 else None
    low = open_by * taper
    thick = 0.026 * head.lips
    lips = np.minimum(
        line + thick * taper * (1 - 0.25 * np.exp(-x * x / 0.0006)),
        low + 1.35 * thick * taper - line,
    )
    if toon:
        patch.lay(lips, vivid(lip), 0.85)
        patch.lay(np.where(u2 < 1.1, 0.011 - np.abs(line), -1), OUTLINE, 1.0)
    else:
        patch.blend(np.clip(lips / 0.012 + 0.3, 0, 1), lip, 0.9)
        patch.blend(
            np.exp(-((line - low - thick * 1.9) ** 2 / 0.0003 + x * x / 0.008)), skin * 0.7, 0.4
        )
        seam = np.exp(-(line * line) / 0.00006) * np.clip((1.08 - u2) * 6, 0, 1)
        patch.blend(seam, lip * 0.45, 0.85)
    if opening is not None:
        teeth = np.array((1.0, 0.98, 0.96) if toon else (0.93, 0.91, 0.88), np.float32)
        patch.lay(opening, np.array((0.42, 0.13, 0.14), np.float32))
        patch.lay(np.minimum(opening, open_by * 0.62 - line) - 0.006, teeth)


def _paint_eye(paint: Paint, head: Head, skin: np.ndarray, side: int, toon: bool) -> None:
    scale = head.eye_size * (TOON_EYES if toon else 1.0)
    w, h = 0.112 * scale, 0.068 * scale * head.eye_open
    x, y, patch = paint.at(side * head.eye_gap, 0.0, 0.24)
    u = x / w
    bow = 1 - u * u
    tilt = y + 0.06 * x * side  # the outer corner sits a little higher
    upper, lower = tilt + h * bow, 0.8 * h * bow - tilt
    inside = np.minimum(upper, lower)
    iris = np.array(head.iris, np.float32)
    centre = head.gaze * w * 0.8
    radius = 0.066 * scale
    away = np.hypot(x - centre, y + 0.004)
    if not toon:
        socket = np.exp(-(x * x / 0.022 + (y + 0.01) ** 2 / 0.009))
        patch.blend(socket, skin * (0.74, 0.64, 0.62), 0.45)
    patch.lay(inside, np.array((1.0, 0.99, 0.98) if toon else (0.95, 0.94, 0.93), np.float32))
    patch.lay(np.minimum(inside, radius - away), (vivid(iris) if toon else iris) * 0.6)
    lit = vivid(iris * 1.2) if toon else iris * 1.25
    patch.lay(np.minimum(inside, radius * 0.8 - np.hypot(x - centre, y - 0.006 * scale)), lit)
    patch.lay(np.minimum(inside, radius * 0.46 - away), np.array((0.06, 0.04, 0.05), np.float32))
    if not toon:  # the lid's shadow on the eyeball
        patch.blend(
            np.clip(inside / 0.006, 0, 1) * np.exp(-np.maximum(upper, 0) / 0.018), skin * 0.3, 0.5
        )
    glint = radius * (0.30 if toon else 0.24) - np.hypot(
        x - centre + 0.36 * radius * (-1 if head.light[0] > 0 else 1), y + 0.36 * radius
    )
    patch.lay(np.minimum(glint, inside), np.full(3, 1.7, np.float32))
    lash = (
        (0.019 if toon else 0.012) - np.abs(upper - 0.004) - 0.05 * np.maximum(np.abs(u) - 1.0, 0)
    )
    spot = (u * side > -0.97) & (u * side < 1.06)  # no lashes towards the nose
    lash_colour = OUTLINE if toon else np.array(head.hair, np.float32) * 0.25 + skin * 0.08
    patch.lay(np.where(spot, lash, -1), lash_colour, 1.0 if toon else 0.9)
    under = np.where(np.abs(u) < 0.9, (0.007 if toon else 0.006) - np.abs(lower), -1)
    patch.lay(under, OUTLINE + 0.25 * skin if toon else skin * (0.62, 0.48, 0.46), 0.8)
    if not toon:
        crease = np.exp(-((upper + 0.026) ** 2) / 0.00007) * (np.abs(u) < 1)
        patch.blend(crease.astype(np.float32), skin * (0.6, 0.48, 0.46), 0.5)


def _paint_brow(paint: Paint, head: Head, side: int, toon: bool) -> None:
    lift = -0.195 if toon else -0.165
    x, y, patch = paint.at(side * (head.eye_gap + 0.01), lift, 0.22)
    half = 0.15 if toon else 0.135
    u = x * side / half  # -1 at the nose, 1 at the temple
    curve = y - 0.035 * (u * u - 0.4) + head.brow_tilt * 0.12 * u
    weight = (
        head.brow_weight * (0.024 if toon else 0.023) * np.clip(1.05 - 0.45 * (u + 0.3), 0.3, 1.1)
    )
    inside = np.minimum(weight - np.abs(curve), (1 - np.abs(u)) * half)
    colour = np.array(head.hair, np.float32) * (0.75 if toon else 0.7)
    if toon:
        patch.lay(inside, colour * 0.9 + 0.02)
    else:
        patch.blend(np.clip(inside / 0.014 + 0.25, 0, 1), colour, 0.85)
