"""Draws a traced `Head` as a photo (soft light, gloss, grain) or a cartoon (flat tones, outlines).

Shading is deferred: it runs once per picture and not once per ellipsoid. The picture is drawn at
`SUPERSAMPLING` times its size and averaged down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .head_features import OUTLINE, paint_features, vivid
from .head_geometry import (
    BACK_HAIR,
    BACKDROP,
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

OUTLINE_WIDTH = 1.5 / 128  # of the picture's width
TERMINATOR = 0.30  # n·l below which the cartoon is in shadow
DISC_RADIUS = 0.80  # of the cartoon's backdrop, in picture units (half width = 1)
SKIN_PARTS = (NECK, EAR, FACE)
HAIRY_PARTS = (BACK_HAIR, HAIR, BUN, BEARD)


def _table(values: dict[int, float], default: float = 0.0) -> np.ndarray:
    table = np.full(PARTS, default, np.float32)
    for part, value in values.items():
        table[part] = value
    return table


SKIN_TABLE = _table(dict.fromkeys(SKIN_PARTS, 1.0))
HAIR_TABLE = _table({**dict.fromkeys(HAIRY_PARTS, 1.0), BEARD: 0.25})
GLOSS_TABLE = _table({NECK: 0.06, EAR: 0.10, FACE: 0.22, HAT: 0.03, BRIM: 0.05, SHIRT: 0.03})
CASTS_ON_SKIN = _table({HAIR: 1.0, HAT: 1.0, BRIM: 1.0})
CASTS_ON_BODY = _table({FACE: 1.0, BEARD: 1.0, HAIR: 1.0, EAR: 1.0})
RECEIVES_HAIR = _table({FACE: 1.0, EAR: 1.0, BEARD: 0.6})
RECEIVES_HEAD = _table({NECK: 1.0, SHIRT: 0.75, COLLAR: 0.9, BACK_HAIR: 0.8})


def _smear(n: int, shift: float, sigma: float) -> np.ndarray:
    """float32[n, n / 2]: blurs, shifts (pixels of n) and doubles a picture when multiplied."""
    rows = np.arange(n, dtype=np.float32)[:, None]
    columns = np.arange(0, n, 2, dtype=np.float32)[None] + 0.5
    weights = np.exp(-0.5 * ((rows - columns - shift) / sigma) ** 2)
    return weights / max(float(weights.sum(1).max()), 1e-6)


def _cast(scene: Scene, table: np.ndarray, dx: float, dy: float, softness: float) -> Field:
    """Shadow in [0, 1] of the parts in `table`, moved by (dx, dy) and blurred, head units."""
    n, pixel = scene.part.shape[0], scene.pixel
    mask = table[scene.part[::2, ::2]]
    sigma = max(softness / pixel, 0.8)
    return _smear(n, dy / pixel, sigma) @ mask @ _smear(n, dx / pixel, sigma).T


def _shadow(head: Head, scene: Scene, softness: float) -> Field:
    """How much hair and hat shade the face, and the head shades neck and chest."""
    lx, ly = head.light[0], head.light[1]
    on_skin = _cast(scene, CASTS_ON_SKIN, -0.05 * lx, 0.03 - 0.04 * ly, softness)
    on_body = _cast(scene, CASTS_ON_BODY, -0.12 * lx, 0.07 - 0.10 * ly, softness * 1.5)
    return on_skin * RECEIVES_HAIR[scene.part] + on_body * RECEIVES_HEAD[scene.part]


def _shrink(picture: np.ndarray) -> np.ndarray:
    """Averages SUPERSAMPLING x SUPERSAMPLING pixels, float32[n, n, 3] -> float32[size, size, 3]."""
    total = picture[::2, ::2] + picture[1::2, ::2]
    total += picture[::2, 1::2]
    total += picture[1::2, 1::2]
    total *= 0.25
    return total


def _bytes(picture: np.ndarray) -> np.ndarray:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _backdrop_photo(head: Head, n: int) -> np.ndarray:
    """An out-of-focus room, drawn small and enlarged (the blur is free): float32[n, n, 3]."""
    small = 32
    place = (np.arange(small, dtype=np.float32) + 0.5) / small * 2 - 1
    x, y = place[None], place[:, None]
    far = np.clip((np.hypot(x, y) - 0.35) / 0.9, 0, 1)
    far = far * far * (3 - 2 * far)
    centre, edge = (np.array(c, np.float32) for c in head.backdrop)
    room = centre + far[..., None] * (edge - centre)
    gain = 1 - 0.07 * y * np.ones_like(x)
    for bx, by, radius, strength in head.bokeh:
        gain += strength * np.clip((radius - np.hypot(x - bx, y - by)) / 0.1 + 0.5, 0, 1)
    room *= gain[..., None]
    grid = np.clip((np.arange(n, dtype=np.float32) + 0.5) * small / n - 0.5, 0, small - 1)
    enlarge = np.maximum(1 - np.abs(grid[:, None] - np.arange(small, dtype=np.float32)), 0)
    rows = (enlarge @ room.reshape(small, -1)).reshape(n, small, 3)
    return np.matmul(enlarge, rows)


def photo(head: Head, scene: Scene) -> np.ndarray:
    """Domain X: soft light, gloss, rim and sensor noise; uint8[size, size, 3]."""
    n, part = scene.part.shape[0], scene.part
    albedo = paint_features(head, scene, toon=False)
    albedo *= albedo  # sRGB to linear light, by a gamma of 2
    nx, ny, nz = scene.normal
    lx, ly, lz = (np.float32(v) for v in head.light)
    facing = nx * lx + ny * ly + nz * lz
    skin, hair = SKIN_TABLE[part], HAIR_TABLE[part]
    wrap = 0.15 + 0.2 * skin  # light bleeds around what is translucent
    diffuse = np.maximum((facing + wrap) / (1 + wrap), 0)
    shade = 1 - 0.48 * np.minimum(_shadow(head, scene, 0.035), 1)
    diffuse *= shade
    ambient = (0.30 - 0.10 * ny) * (0.5 + 0.5 * shade)
    half = np.array((lx, ly, lz - 1), np.float32)
    hx, hy, hz = half / np.linalg.norm(half)
    mirror = np.maximum(nx * hx + ny * hy + nz * hz, 0)
    gloss = mirror**24 * GLOSS_TABLE[part] * shade
    rim = np.maximum(1 + nz, 0) ** 3 * (0.10 + 0.12 * np.maximum(-ny, 0))
    strands = np.sin(46 * nx + 4 * np.sin(3 * ny)) * np.sin(17 * nx + 3 * ny)
    band = np.exp(-(((ny * 0.8 + 0.55 - 0.25 * facing) / 0.2) ** 2)) * np.maximum(facing + 0.2, 0)
    gloss += hair * band * (0.045 + 0.02 * strands)
    diffuse *= 1 + hair * (0.10 * strands + 0.55 * band)
    warm = np.exp(-((facing / 0.3) ** 2)) * skin * 0.05  # blood shows at the terminator
    linear = np.empty_like(albedo)
    light = np.square(np.array(head.light_colour, np.float32))
    sky = np.array((1.02, 0.98, 0.99), np.float32)
    for c in range(3):
        lit = diffuse * (np.float32(1.07) * light[c]) + ambient * sky[c]
        if c == 0:
            lit += warm
        linear[..., c] = albedo[..., c] * lit + gloss * light[c] + rim * np.float32(0.35)
    picture = np.sqrt(linear)
    np.copyto(picture, _backdrop_photo(head, n), where=(part == BACKDROP)[..., None])
    _draw_glasses(picture, head, scene, toon=False)
    small = _shrink(np.minimum(picture, 1.0))
    grain = np.random.default_rng(head.noise_seed).standard_normal(small.shape, np.float32)
    return _bytes(small + grain * np.float32(head.noise))


def cartoon(head: Head, scene: Scene) -> np.ndarray:
    """Domain Y: flat tones, outlines, larger eyes; uint8[size, size, 3]."""
    part = scene.part
    picture = paint_features(head, scene, toon=True)
    nx, ny, nz = scene.normal
    lx, ly, lz = (np.float32(v) for v in head.light)
    facing = nx * lx + ny * ly + nz * lz
    facing -= 0.9 * np.clip((_shadow(head, scene, 0.012) - 0.45) * 12, 0, 1)
    lit = np.clip((facing - np.float32(TERMINATOR)) * 14 + 0.5, 0, 1)
    hair = HAIR_TABLE[part] > 0.5
    band = np.abs(ny * 0.8 + 0.55 - 0.25 * facing) < 0.12
    shine = (hair & band & (facing > 0.45)).astype(np.float32) * 0.10
    light = 0.5 + 0.5 * np.array(head.light_colour, np.float32)
    dark = np.array((0.80, 0.71, 0.74), np.float32)
    for c in range(3):
        tone = dark[c] + lit * (light[c] - dark[c])
        picture[..., c] *= tone
        picture[..., c] += shine
    np.copyto(picture, _backdrop_toon(head, part.shape[0]), where=(part == BACKDROP)[..., None])
    _draw_outlines(picture, part)
    _draw_glasses(picture, head, scene, toon=True)
    return _bytes(_shrink(np.clip(picture, 0, 1)))


def _backdrop_toon(head: Head, n: int) -> np.ndarray:
    """A disc of the photo's middle colour on its edge colour: float32[n, n, 3]."""
    place = (np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1
    centre, edge = (vivid(np.array(c, np.float32)) for c in head.backdrop)
    disc = place[None] ** 2 + place[:, None] ** 2 < DISC_RADIUS**2
    return np.where(disc[..., None], centre, edge)


def _draw_outlines(picture: np.ndarray, part: np.ndarray) -> None:
    part = np.where(part == BEARD, np.uint8(FACE), part)  # a beard has no hard edge
    edge = np.zeros(part.shape, bool)
    edge[1:] |= part[1:] != part[:-1]
    edge[:, 1:] |= part[:, 1:] != part[:, :-1]
    width = OUTLINE_WIDTH * part.shape[0]
    for _ in range(round((width - 1) / 2)):
        thick = edge.copy()
        thick[1:] |= edge[:-1]
        thick[:-1] |= edge[1:]
        thick[:, 1:] |= edge[:, :-1]
        thick[:, :-1] |= edge[:, 1:]
        edge = thick
    picture[edge] = OUTLINE


def _draw_glasses(picture: np.ndarray, head: Head, scene: Scene, toon: bool) -> None:
    """Two rims and a bridge in a plane before the face, and an arm to each ear."""
    if head.glasses == "none":
        return
    depth = -0.60
    turn, pixel = scene.turn, scene.pixel
    cx, cy, _ = turn @ np.array((0, 0.02, depth), np.float32)
    box = scene.window(float(cx), float(cy), 0.6, 0.34)
    # Where each ray meets the plane z = depth of the head.
    wx, wy = scene.x[:, box[1]], scene.y[box[0]]
    wz = (np.float32(depth) - turn[0, 2] * wx - turn[1, 2] * wy) / turn[2, 2]
    x, y, _ = scene.local(box, wz)
    y = y - np.float32(0.015)
    away = np.abs(np.abs(x) - np.float32(head.eye_gap + 0.015))
    if head.glasses == "round":
        rim = np.hypot(away, y) - 0.165
    else:
        ox, oy = np.maximum(away - 0.11, 0), np.maximum(np.abs(y) - 0.075, 0)
        rim = np.hypot(ox, oy) - 0.055
    bridge = np.maximum(np.abs(y + 0.03 - 1.2 * x * x) - 0.014, np.abs(x) - 0.05)
    wire = np.minimum(np.abs(rim) - (0.017 if toon else 0.014), bridge)
    inside = np.clip(0.5 - wire / pixel, 0, 1)
    target = picture[box]
    lens = np.clip(0.5 - rim / pixel, 0, 1)[..., None] * np.float32(0.10)
    target += lens * (1 - target)
    frame = np.array(head.frame, np.float32)
    colour = vivid(frame * 0.8) if toon else frame * (0.8 - 0.5 * y[..., None])
    target += inside[..., None] * (colour - target)
    for side in (-1, 1):
        _draw_arm(picture, head, scene, side, frame * 0.75)


def _draw_arm(picture: np.ndarray, head: Head, scene: Scene, side: int, colour: np.ndarray) -> None:
    """The bar from a rim to its ear, where the head does not hide it."""
    reach = head.eye_gap + 0.18
    ends = np.array(((side * reach, -0.01, -0.58), (side * 0.53, -0.02, 0.02)), np.float32)
    a, b = ends @ scene.turn.T
    middle, span = (a + b) / 2, np.abs(b - a) / 2 + 0.03
    box = scene.window(float(middle[0]), float(middle[1]), float(span[0]), float(span[1]))
    px, py = scene.x[:, box[1]] - a[0], scene.y[box[0]] - a[1]
    dx, dy, dz = b - a
    along = np.clip((px * dx + py * dy) / max(float(dx * dx + dy * dy), 1e-6), 0, 1)
    wire = 0.013 - np.hypot(px - along * dx, py - along * dy)
    seen = scene.z[box] > a[2] + along * dz - 0.06
    cover = (np.clip(wire / scene.pixel + 0.5, 0, 1) * seen)[..., None]
    target = picture[box]
    target += cover * (colour - target)
