"""The geometry of a `Head`: ellipsoids traced into a G-buffer of depth, normal and part.

Head units: x right, y down, z away from the viewer; the rays are parallel to z. An ellipsoid
touches only its own bounding box. Nothing here knows of colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .heads import Head

SUPERSAMPLING = 2
VIEW = 1.05  # half of the picture's width in head units
VIEW_CENTRE_Y = 0.12
FAR = np.float32(9.0)

# Parts; an outline runs wherever two of them meet.
BACKDROP, BACK_HAIR, SHIRT, COLLAR, NECK, EAR, FACE, BEARD, HAIR, BUN, HAT, BRIM = range(12)
PARTS = 12


Field = np.ndarray  # float32[n, n] or a window of it
Clip = Callable[[Field, Field, Field], np.ndarray]


@dataclass
class Scene:
    """What the camera sees, per supersampled pixel; n = size * SUPERSAMPLING."""

    x: Field  # [1, n] head units
    y: Field  # [n, 1]
    z: Field  # [n, n], FAR where nothing was hit
    normal: np.ndarray  # float32[3, n, n], unit, z < 0 towards the viewer
    part: np.ndarray  # uint8[n, n]
    turn: np.ndarray  # float32[3, 3], head to world

    @property
    def pixel(self) -> float:
        """Width of one supersampled pixel in head units."""
        return float(self.x[0, 1] - self.x[0, 0])

    def window(self, cx: float, cy: float, rx: float, ry: float) -> tuple[slice, slice]:
        """Rows and columns within (rx, ry) of the point (cx, cy)."""
        n, pixel = self.x.shape[1], self.pixel

        def span(low: float, high: float, first: float) -> slice:
            a, b = math.floor((low - first) / pixel), math.ceil((high - first) / pixel) + 1
            return slice(min(max(a, 0), n), min(max(b, 0), n))

        rows = span(cy - ry, cy + ry, float(self.y[0, 0]))
        return rows, span(cx - rx, cx + rx, float(self.x[0, 0]))

    def local(self, box: tuple[slice, slice], z: Field) -> tuple[Field, Field, Field]:
        """Head coordinates of the points at depth `z` seen through the window `box`."""
        x, y, t = self.x[:, box[1]], self.y[box[0]], self.turn
        lx, ly, lz = (t[0, i] * x + t[1, i] * y + t[2, i] * z for i in range(3))
        return lx, ly, lz

    def add(
        self,
        part: int,
        centre: tuple[float, float, float],
        radii: tuple[float, float, float],
        *,
        fixed: bool = False,
        blend: float = 0.0,
        clip: Clip | None = None,
        roll: float = 0.0,
    ) -> None:
        """Traces one ellipsoid.

        Args:
            part: which part it belongs to.
            centre: in head coordinates, or in the world's where `fixed`.
            radii: semi-axes along the head's axes.
            fixed: true for what does not turn with the head.
            blend: depth over which it melts into what was traced before (0: a hard crease).
            clip: of head coordinates, true where the ellipsoid's surface exists.
            roll: angle of the ellipsoid about z before the head turns, radians.
        """
        turn = np.eye(3, dtype=np.float32) if fixed else self.turn
        cx, cy, cz = (float(v) for v in turn @ np.array(centre, np.float32))
        axes = turn @ _about_z(roll) if roll else turn
        squares = np.square(np.array(radii, np.float32))
        rx, ry = np.sqrt((axes[:2] ** 2) @ squares)
        box = self.window(cx, cy, float(rx), float(ry))
        if box[0].start >= box[0].stop or box[1].start >= box[1].stop:
            return
        q = (axes / squares) @ axes.T  # p' q p = 1 on the surface
        dx, dy = self.x[:, box[1]] - np.float32(cx), self.y[box[0]] - np.float32(cy)
        b = q[0, 2] * dx + q[1, 2] * dy
        disc = b * b - q[2, 2] * (
            q[0, 0] * dx * dx - 1 + q[1, 1] * dy * dy + (2 * q[0, 1] * dx) * dy
        )
        hit = disc > 0
        root = np.sqrt(np.maximum(disc, 0))
        dz = (root + b) / -q[2, 2]
        z = dz + np.float32(cz)
        if clip is not None:
            # Where the near side is cut away one looks at the inner side of the far one.
            far_dz = (root - b) / q[2, 2]
            far_z = far_dz + np.float32(cz)
            kept = clip(*self.local(box, z))
            hit &= kept | clip(*self.local(box, far_z))
            z, dz = np.where(kept, z, far_z), np.where(kept, dz, -far_dz)
        normal = np.stack([q[i, 0] * dx + q[i, 1] * dy + q[i, 2] * dz for i in range(3)])
        normal /= np.sqrt(np.einsum("cij,cij->ij", normal, normal)) + 1e-6
        self._merge(box, part, z, normal, hit, blend)

    def _merge(
        self,
        box: tuple[slice, slice],
        part: int,
        z: Field,
        normal: np.ndarray,
        hit: np.ndarray,
        blend: float,
    ) -> None:
        """Keeps the nearer surface; with `blend`, the polynomial smooth minimum of the two."""
        old_z, old_normal = self.z[box], self.normal[:, box[0], box[1]]
        if blend:
            same = hit & (self.part[box] == part)
            share = np.clip(0.5 + 0.5 * (old_z - z) / blend, 0, 1)
            melted = old_z + (z - old_z) * share - blend * share * (1 - share)
            z = np.where(same, melted, z)
            normal = np.where(same, old_normal + (normal - old_normal) * share, normal)
        near = hit & (z < old_z)
        np.copyto(old_z, z, where=near)
        np.copyto(old_normal, normal, where=near)
        self.part[box][near] = part


def _about_z(angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array(((c, -s, 0), (s, c, 0), (0, 0, 1)), np.float32)


def _turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    about_y = np.array(((cy, 0, -sy), (0, 1, 0), (sy, 0, cy)), np.float32)
    about_x = np.array(((1, 0, 0), (0, cp, sp), (0, -sp, cp)), np.float32)
    return _about_z(roll) @ about_y @ about_x


def trace(head: Head, size: int) -> Scene:
    """The geometry of `head`, without colours."""
    n = size * SUPERSAMPLING
    place = ((np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1) * VIEW / head.zoom
    scene = Scene(
        x=(place + head.offset[0])[None].astype(np.float32),
        y=(place + (head.offset[1] + VIEW_CENTRE_Y))[:, None].astype(np.float32),
        z=np.full((n, n), FAR),
        normal=np.zeros((3, n, n), np.float32),
        part=np.zeros((n, n), np.uint8),
        turn=_turn(head.yaw, head.pitch, head.roll),
    )
    _add_body(scene)
    _add_face(scene, head)
    _add_hair(scene, head)
    _add_hat(scene, head)
    _mark_collar(scene, head)
    _mark_beard(scene, head)
    return scene


def _add_body(scene: Scene) -> None:
    scene.add(SHIRT, (0, 1.36, 0.18), (0.90, 0.56, 0.40), fixed=True)
    scene.add(SHIRT, (0, 1.16, 0.16), (0.44, 0.38, 0.32), fixed=True, blend=0.3)
    scene.add(NECK, (0, 0.62, 0.10), (0.22, 0.62, 0.22), fixed=True)


def _add_face(scene: Scene, head: Head) -> None:
    w = head.face_width
    scene.add(FACE, (0, -0.09, 0.03), (0.50 * w, 0.57, 0.54))
    scene.add(
        FACE, (0, 0.20 + head.chin, -0.07), (0.40 * w * head.jaw_width, 0.45, 0.42), blend=0.12
    )
    nose = head.nose_size
    scene.add(FACE, (0, 0.06, -0.48), (0.035, 0.13, 0.07), blend=0.07)
    scene.add(FACE, (0, 0.16, -0.50), (0.068 * nose, 0.058 * nose, 0.095 * nose), blend=0.05)
    for side in (-1, 1):
        scene.add(EAR, (side * 0.50 * w, 0.06, 0.06), (0.075, 0.135, 0.09), roll=side * 0.15)


def _hairline(head: Head, low: float, arch: float, tufts: float, drop: float) -> Clip:
    """Hair above a curved line on the forehead, beside the temples and behind the ears.

    Args:
        head: whose `hairline` and `parting` set the line's height and slope.
        low: y down to which the hair grows at the back.
        arch: how far the line comes down towards the temples.
        tufts: depth of its waves.
        drop: how far the hair hangs below the line (a fringe).
    """

    def keeps(x: Field, y: Field, z: Field) -> np.ndarray:
        y = y - np.float32(drop)
        line = (head.hairline + head.parting * x + arch * x * x).astype(np.float32)
        if tufts:
            line = line + tufts * np.abs(np.sin(11 * x + 0.6))
        behind = (z > 0.02 + 0.25 * np.maximum(y, 0)) & (y < low)
        return (y < line) | behind

    return keeps


def _add_hair(scene: Scene, head: Head) -> None:
    style, v, side = head.hair_style, head.hair_volume, math.copysign(1.0, head.parting)
    if style == "bald":
        return
    if style in ("long", "wavy"):
        scene.add(BACK_HAIR, (0, 0.20, 0.36), (0.60 * v, 0.80, 0.36))
    low = 0.18 if style in ("short", "quiff", "side", "curly") else 0.42
    tufts = {"fringe": 0.07, "short": 0.05}.get(style, 0.0)
    arch = {"fringe": 0.25, "bun": 0.9, "quiff": 0.8}.get(style, 0.6)
    cap = _hairline(head, low, arch, tufts, drop=0.13 if style == "fringe" else 0.0)
    scene.add(HAIR, (0, -0.11, 0.05), (0.555 * v, 0.60 * v, 0.59), clip=cap)
    if head.hat != "none":
        style = style if style in ("long", "wavy") else "short"  # the hat holds the rest down
    if style == "quiff":
        scene.add(
            HAIR, (side * 0.04, -0.55, -0.22), (0.40, 0.19, 0.30), roll=-side * 0.2, blend=0.12
        )
    elif style == "side":
        scene.add(
            HAIR, (side * 0.16, -0.50, -0.22), (0.36, 0.18, 0.28), roll=side * 0.45, blend=0.06
        )
        scene.add(
            HAIR, (-side * 0.30, -0.46, -0.16), (0.22, 0.17, 0.26), roll=-side * 0.6, blend=0.06
        )
    elif style in ("long", "wavy"):
        _add_locks(scene, v, wavy=style == "wavy")
    elif style == "bun":
        scene.add(BUN, (0, -0.69, 0.10), (0.23, 0.20, 0.22))
    elif style == "curly":
        _add_curls(scene, head)


def _add_locks(scene: Scene, volume: float, wavy: bool) -> None:
    """Hair that falls beside the cheeks."""
    for side in (-1, 1):
        if wavy:
            for i, y in enumerate((-0.10, 0.09, 0.28, 0.47, 0.64)):
                x = side * (0.52 + 0.04 * (i % 2)) * volume
                scene.add(HAIR, (x, y, 0.02), (0.14, 0.17, 0.17), blend=0.10)
        else:
            scene.add(
                HAIR, (side * 0.50 * volume, 0.20, 0.04), (0.12, 0.56, 0.20), roll=-side * 0.05
            )


def _add_curls(scene: Scene, head: Head) -> None:
    """Balls of hair on the crown."""
    for azimuth, height, radius, reach in head.curls:
        flat = math.sqrt(max(1 - height * height, 0))
        x, z = math.sin(azimuth) * flat, math.cos(azimuth) * flat
        y = -height
        if y > 0.1 or (z < -0.1 and y > -0.62):
            continue  # keep neck and face free
        centre = (0.56 * x * reach, -0.12 + 0.60 * y * reach, 0.05 + 0.56 * z * reach)
        scene.add(HAIR, centre, (radius, radius, radius))


def _add_hat(scene: Scene, head: Head) -> None:
    if head.hat == "none":
        return

    def above(level: float, thick: float = 9.0) -> Clip:
        return lambda x, y, z: (y + 0.22 * z < level) & (y + 0.22 * z > level - thick)

    scene.add(HAT, (0, -0.14, 0.04), (0.60, 0.66, 0.63), clip=above(-0.30))
    if head.hat == "beanie":
        scene.add(BRIM, (0, -0.14, 0.04), (0.625, 0.66, 0.655), clip=above(-0.26, 0.17))
    else:
        scene.add(BRIM, (0, -0.28, -0.58), (0.45, 0.095, 0.36))


def _mark_collar(scene: Scene, head: Head) -> None:
    """Turns a band of the shirt into its collar, and what lies inside the band into the neck."""
    box = scene.window(0, 0.98, 0.5, 0.4)
    x, y, part = scene.x[:, box[1]], scene.y[box[0]], scene.part[box]
    cloth = part == SHIRT
    if head.collar == "v":
        inside = y + 1.25 * np.abs(x) < 1.12
        band = y + 1.25 * np.abs(x) < 1.21
    elif head.collar == "crew":
        ring = (x / 0.27) ** 2 + ((y - 0.80) / 0.13) ** 2
        inside, band = ring < 1, (x / 0.34) ** 2 + ((y - 0.80) / 0.20) ** 2 < 1
    else:
        ax = np.abs(x)
        inside = y + 1.5 * ax < 1.03
        band = (y + 0.9 * ax < 1.19) & (y - 0.9 * ax < 0.92) & (ax < 0.37)
    part[cloth & band] = COLLAR
    part[cloth & inside] = NECK
    # The neck ends where the cloth begins, though its ellipsoid goes on in front of the chest.
    part[(part == NECK) & ~inside & (y > 0.87)] = COLLAR


def _mark_beard(scene: Scene, head: Head) -> None:
    """Turns the face's lower part into beard."""
    if head.beard == "none":
        return
    cx, cy, _ = scene.turn @ np.array((0, 0.35, -0.3), np.float32)
    box = scene.window(float(cx), float(cy), 0.55, 0.45)
    x, y, z = scene.local(box, scene.z[box])
    ax, part = np.abs(x), scene.part[box]
    moustache = (ax < 0.19) & (np.abs(y - 0.272 - 0.9 * ax * ax) < 0.034 - 0.10 * ax * ax)
    if head.beard == "full":
        cheeks = y > 0.37 - 0.75 * np.maximum(ax - 0.16, 0) ** 0.8
        mouth = (x / 0.17) ** 2 + ((y - 0.355) / 0.075) ** 2 < 1
        hairy = (cheeks & ~mouth & (y > -0.02)) | moustache
    else:
        hairy = moustache
    part[(part == FACE) & hairy & (z < 0.1)] = BEARD
