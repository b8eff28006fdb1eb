"""A seeded, endless set of paired portraits: one head as a photo and as a cartoon.

Every picture comes from a `Head`, a record of sampled attributes, and that record is drawn
twice: softly lit (domain X, "photo") and cel shaded with outlines (domain Y, "cartoon").
Nothing in the cartoon is drawn by chance: it is a function of what the photo shows.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from . import head_geometry, head_renderer

Colour = tuple[float, float, float]  # sRGB, each in [0, 1]

SKIN_TONES = ("ffdfc9", "f6cfb0", "eab990", "d9a074", "c08556", "a06a42", "7d4f32", "5e3a27")
HAIR_COLOURS = ("1f1a1c", "35241d", "573522", "7d4a27", "a8562a", "c98f4a", "e3c27e", "9a9aa2")
DYED_HAIR = ("d8d6d8", "b0526e", "4b6c9c")
IRIS_COLOURS = ("4a2d1b", "6b4423", "3f6fa3", "4d8256", "6c7f8c", "8a6a2c")
SHIRT_COLOURS = (
    "d9534f", "3d7ebf", "f0b648", "4ea27a", "efe9df", "3b3f52",
    "8d6ab3", "e88a6a", "56b3bd", "b9c4cf", "7a3b46", "2f5d50",
)  # fmt: skip
BACKDROPS = (  # (centre, edge) of the backdrop
    ("cfe5f2", "8fb8d6"), ("fbe3c4", "eeb98a"), ("d6ecd2", "93c2a0"), ("f7d3d6", "d99aa8"),
    ("e2daf2", "a99bd0"), ("f4ecd8", "cdbf9f"), ("bfd8da", "5f9299"), ("c8ccd6", "7e8699"),
    ("f6dc9a", "dba64e"), ("9db4c8", "50687f"), ("a8c3a0", "5c7d5f"), ("d4a99a", "95604f"),
)  # fmt: skip
LIGHT_COLOURS = ("ffffff", "fff1de", "ffe8cf", "eaf2ff", "fdf0f4")
HAIR_STYLES = ("short", "quiff", "fringe", "side", "long", "wavy", "bun", "curly", "bald")
HAIR_SHARES = (0.14, 0.12, 0.12, 0.12, 0.15, 0.11, 0.09, 0.10, 0.05)
HATS = ("none", "beanie", "cap")
BEARDS = ("none", "moustache", "full")
COLLARS = ("crew", "v", "shirt")
CLIP_YAW, CLIP_PITCH, CLIP_ROLL = 0.5, 0.16, 0.05  # radians, amplitudes of `clip`


@dataclass(frozen=True)
class Head:
    """All that is known of one portrait; angles in radians, lengths in head units.

    The picture spans about 2.1 head units; a face is about 1 wide and 1.25 high. x points right,
    y down, z away from the viewer.
    """

    yaw: float
    pitch: float
    roll: float
    zoom: float
    offset: tuple[float, float]
    light: tuple[float, float, float]  # unit vector from the head to the light
    light_colour: Colour
    skin: Colour
    hair: Colour
    iris: Colour
    shirt: Colour
    accent: Colour  # hat and collar
    frame: Colour  # of the glasses
    backdrop: tuple[Colour, Colour]
    bokeh: tuple[tuple[float, float, float, float], ...]  # (x, y, radius, gain) in picture units
    hair_style: str
    hair_volume: float
    hairline: float  # y of the hairline on the forehead
    parting: float  # slope of the hairline, which side the hair falls to
    curls: tuple[tuple[float, float, float, float], ...]  # (azimuth, height, radius, reach)
    hat: str
    beard: str
    glasses: str
    collar: str
    face_width: float
    jaw_width: float
    chin: float
    eye_size: float
    eye_gap: float
    eye_open: float
    gaze: float
    brow_weight: float
    brow_tilt: float
    nose_size: float
    lips: float
    smile: float
    blush: float
    noise: float  # standard deviation of the sensor noise, in [0, 1] units
    noise_seed: int


def _rgb(text: str) -> Colour:
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def _near(rng: np.random.Generator, colours: tuple[str, ...], spread: float = 0.02) -> Colour:
    """One of `colours`, a little off, so that no colour is learnt by heart."""
    base = np.array(_rgb(colours[rng.integers(len(colours))]))
    shift = rng.normal(0, spread) + rng.normal(0, spread / 2, 3)
    red, green, blue = np.clip(base + shift, 0.03, 0.98).tolist()
    return red, green, blue


def _skin(rng: np.random.Generator) -> Colour:
    """A tone anywhere between two neighbouring `SKIN_TONES`."""
    place = rng.uniform(0, len(SKIN_TONES) - 1.001)
    low, high = _rgb(SKIN_TONES[int(place)]), _rgb(SKIN_TONES[int(place) + 1])
    part = place % 1
    red, green, blue = (a + (b - a) * part for a, b in zip(low, high, strict=True))
    return red, green, blue


def _light(azimuth: float, elevation: float) -> tuple[float, float, float]:
    """Unit vector to a light in front of the face: azimuth > 0 right, elevation > 0 above."""
    flat = math.cos(elevation)
    return (math.sin(azimuth) * flat, -math.sin(elevation), -math.cos(azimuth) * flat)


def _curls(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    """Balls of hair spread over the crown by the golden angle, each a little off its place."""
    golden = math.pi * (3 - math.sqrt(5))
    count = int(rng.integers(22, 30))
    return tuple(
        (
            golden * i + float(rng.normal(0, 0.15)),
            0.98 - 1.15 * i / count,
            float(rng.uniform(0.15, 0.22)),
            float(rng.uniform(0.94, 1.04)),
        )
        for i in range(count)
    )


def _bokeh(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    return tuple(
        (
            float(rng.uniform(-1, 1)),
            float(rng.uniform(-1, 1)),
            float(rng.uniform(0.12, 0.34)),
            float(rng.uniform(-0.10, 0.16)),
        )
        for _ in range(int(rng.integers(3, 9)))
    )


def sample_head(rng: np.random.Generator) -> Head:
    """Draws one head; the same state of `rng` gives the same head."""
    hair_style = str(rng.choice(HAIR_STYLES, p=HAIR_SHARES))
    hat = str(rng.choice(HATS, p=(0.82, 0.09, 0.09))) if hair_style not in ("bun", "curly") else ""
    short = hair_style in ("short", "quiff", "side", "bald", "curly")
    beard = str(rng.choice(BEARDS, p=(0.6, 0.12, 0.28))) if short else "none"
    centre, edge = BACKDROPS[rng.integers(len(BACKDROPS))]
    side = float(rng.choice((-1.0, 1.0)))
    hair_colours = DYED_HAIR if rng.random() < 0.08 else HAIR_COLOURS
    return Head(
        yaw=float(np.clip(rng.normal(0, 0.26), -0.6, 0.6)),
        pitch=float(rng.uniform(-0.16, 0.16)),
        roll=float(rng.normal(0, 0.06)),
        zoom=float(rng.uniform(0.93, 1.07)),
        offset=(float(rng.uniform(-0.07, 0.07)), float(rng.uniform(-0.05, 0.05))),
        light=_light(side * rng.uniform(0.35, 1.05), rng.uniform(0.2, 0.85)),
        light_colour=_near(rng, LIGHT_COLOURS, 0.01),
        skin=_skin(rng),
        hair=_near(rng, hair_colours),
        iris=_near(rng, IRIS_COLOURS),
        shirt=_near(rng, SHIRT_COLOURS),
        accent=_near(rng, SHIRT_COLOURS),
        frame=_near(rng, ("2a2326", "5b3420", "8c2f39", "b08d4f")),
        backdrop=(_near(rng, (centre,)), _near(rng, (edge,))),
        bokeh=_bokeh(rng),
        hair_style=hair_style,
        hair_volume=float(rng.uniform(0.98, 1.07)),
        hairline=float(rng.uniform(-0.40, -0.32)),
        parting=side * float(rng.uniform(0.1, 0.4)) * float(rng.choice((-1.0, 1.0))),
        curls=_curls(rng),
        hat=hat or "none",
        beard=beard,
        glasses=str(rng.choice(("none", "round", "square"), p=(0.76, 0.12, 0.12))),
        collar=str(rng.choice(COLLARS)),
        face_width=float(rng.uniform(0.95, 1.05)),
        jaw_width=float(rng.uniform(0.9, 1.1)),
        chin=float(rng.uniform(-0.03, 0.03)),
        eye_size=float(rng.uniform(0.94, 1.1)),
        eye_gap=float(rng.uniform(0.185, 0.21)),
        eye_open=float(rng.uniform(0.82, 1.1)),
        gaze=float(rng.uniform(-0.25, 0.25)),
        brow_weight=float(rng.uniform(0.75, 1.35)),
        brow_tilt=float(rng.uniform(-0.12, 0.12)),
        nose_size=float(rng.uniform(0.88, 1.15)),
        lips=float(rng.uniform(0.8, 1.3)),
        smile=float(rng.uniform(0.15, 1.0)),
        blush=float(rng.uniform(0.5, 1.0)),
        noise=float(rng.uniform(0.006, 0.015)),
        noise_seed=int(rng.integers(2**31)),
    )


def render(head: Head, size: int = 128, toon: bool = False) -> np.ndarray:
    """Draws `head` as a photo, or as a cartoon where `toon`.

    Returns:
        uint8[size, size, 3], RGB.
    """
    scene = head_geometry.trace(head, size)
    return head_renderer.cartoon(head, scene) if toon else head_renderer.photo(head, scene)


def _both(head: Head, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Photo and cartoon of `head`; the geometry, half of the work, is traced once."""
    scene = head_geometry.trace(head, size)
    return head_renderer.photo(head, scene), head_renderer.cartoon(head, scene)


def pair(seed: int, index: int, size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Photo and cartoon of head number `index` of the set `seed`, each uint8[size, size, 3]."""
    return _both(sample_head(np.random.default_rng([seed, index])), size)


def clip(seed: int, frames: int, size: int = 128) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One head that turns, nods and is lit from all around; the last frame leads to the first.

    Args:
        seed: which head.
        frames: the length of one turn.
        size: width and height in pixels.

    Yields:
        Photo and cartoon of each frame, each uint8[size, size, 3].
    """
    rest = sample_head(np.random.default_rng([seed, 0]))
    for frame in range(frames):
        angle = 2 * math.pi * frame / frames
        moved = replace(
            rest,
            yaw=CLIP_YAW * math.sin(angle),
            pitch=CLIP_PITCH * math.sin(2 * angle),
            roll=CLIP_ROLL * math.sin(angle + 1),
            gaze=0.25 * math.sin(angle + 0.7),
            light=_light(0.9 * math.cos(angle), 0.5 + 0.2 * math.sin(angle)),
            noise_seed=rest.noise_seed + frame,
        )
        yield _both(moved, size)


def _nothing(_done: int) -> None:
    pass


def write_pairs(
    out: Path, count: int, size: int, seed: int, report: Callable[[int], None] = _nothing
) -> None:
    """Writes `count` pairs as out/photo/00000.png... and out/cartoon/00000.png...

    Args:
        out: folder, made where missing.
        count: number of pairs.
        size: width and height in pixels.
        seed: which set of heads.
        report: called with the number of pairs written so far, after each.
    """
    folders = [out / "photo", out / "cartoon"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        for folder, picture in zip(folders, pair(seed, index, size), strict=True):
            Image.fromarray(picture).save(folder / f"{index:05d}.png")
        report(index + 1)
