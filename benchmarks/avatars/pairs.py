"""Portraits and the avatars of the same people: a paired data set, split by person.

    python benchmarks/avatars/pairs.py --photos ../shared/data/portraits/cc_by \
        --style toonhead --out runs/toonhead

An avatar has few parts, so which ones a person gets can be said: hair and beard are in
subjects.csv, noted by eye; whether somebody smiles is in the file's name; the tone of the skin is
measured in the picture. The npm packages of DiceBear draw it (Node 18 or newer; package.json has
their versions, and the first call installs them).

The photos are those of the Face Research Lab London Set and its kin, pupils at (.365, .4) and
(.635, .4) of the side; every seventh person is held out, composites never are: they are made of
several people each. All were taken before a plain wall, which no phone can count on: every photo is
written again in front of something drawn at random: four times for training and, of held-out
people, once to look at.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.color import lab2rgb, rgb2lab
from surroundings import colour, surroundings

HERE = Path(__file__).parent
HELD_OUT_EVERY = 7
SIDE = 320  # of the pictures written; trainings take 298 of them at most
DRAWN = 768  # of the avatar before it is framed

# Tones of ToonHead's own palette, light to dark; measured ones are placed between them.
SKIN = ("f1c3a5", "d9a58a", "b98e6a", "a36b4f", "5c3829")
LIGHT, DARK = 74.0, 33.0  # lightness of cheeks in this set's light, from brightest to darkest
HAIR = {
    "black": "2c1b18",
    "brown": "724133",
    "red": "a55728",
    "dark blond": "b58143",
    "blond": "d6b370",
    "grey": "9b948c",
}
COPIES = {"train": 4, "held-out": 1}  # of each photo before other walls
WALL = 14.0  # distance in CIELAB up to which a pixel may be the wall
BACKGROUND, CLOTHES = "b6e3f4", "0b3286"

# left, top and side of the part of the avatar that is kept, as shares: its face where a photo's is
FRAMES = {"toonhead": (0.155, 0.17, 0.69), "adventurer": (0.06, 0.18, 0.8)}


@dataclass(frozen=True)
class Look:
    """What of a person an avatar can show."""

    hair: str
    beard: str
    smiling: bool
    skin: str
    hair_colour: str


def subject_of(stem: str) -> str:
    """The person: neutral and smiling pictures share one."""
    numbered = re.match(r"(london)_\w+?_(\d{3})", stem)
    return "_".join(numbered.groups()) if numbered else stem


def patch(picture: np.ndarray, left: float, right: float, top: float, bottom: float) -> np.ndarray:
    """The pixels of a part of a square picture, given as shares of its side, [N, 3]."""
    side = len(picture)
    rows, columns = (
        slice(round(top * side), round(bottom * side)),
        slice(round(left * side), round(right * side)),
    )
    return picture[rows, columns].reshape(-1, 3)


def skin_colour(lab: np.ndarray) -> str:
    """Between ToonHead's tones, by the lightness of the cheeks alone: studio light tints them.

    Args:
        lab: the portrait in CIELAB, [S, S, 3].
    """
    cheeks = patch(lab, 0.3, 0.4, 0.55, 0.65), patch(lab, 0.6, 0.7, 0.55, 0.65)
    lightness = float(np.median(np.concatenate(cheeks)[:, 0]))
    palette = rgb2lab(np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in SKIN]) / 255)
    place = np.clip((LIGHT - lightness) / (LIGHT - DARK), 0, 1) * (len(SKIN) - 1)
    tone = [np.interp(place, range(len(SKIN)), palette[:, i]) for i in range(3)]
    return "".join(f"{round(255 * v):02x}" for v in lab2rgb(tone).clip(0, 1))


def looks(photos: list[Path]) -> dict[str, Look]:
    """Each picture's, by its name without suffix."""
    with (HERE / "subjects.csv").open() as file:
        noted = {row["subject"]: row for row in csv.DictReader(file)}
    found = {}
    for path in photos:
        lab = rgb2lab(np.asarray(Image.open(path).convert("RGB")))
        note = noted[subject_of(path.stem)]
        found[path.stem] = Look(
            note["hair"],
            note["beard"],
            "smiling" in path.stem,
            skin_colour(lab),
            HAIR[note["colour"]],
        )
    return found


def foreground(lab: np.ndarray) -> np.ndarray:
    """How much each pixel belongs to the person, 0..1: unlike the wall, or cut off from it.

    Args:
        lab: a portrait before a plain wall in CIELAB, [S, S, 3].

    Returns:
        float[S, S].
    """
    side = len(lab)
    edge = round(0.04 * side)
    corners = np.concatenate([lab[:edge, :edge].reshape(-1, 3), lab[:edge, -edge:].reshape(-1, 3)])
    unlike = np.linalg.norm(lab - np.median(corners, 0), axis=-1)
    labels, _ = ndimage.label(unlike < WALL)
    above = labels[: side * 3 // 4]  # clothes touch the edges below
    wall = np.isin(labels, np.setdiff1d(np.concatenate([above[0], above[:, 0], above[:, -1]]), 0))
    return ndimage.gaussian_filter((~ndimage.binary_dilation(wall)).astype(float), side / 256)


def elsewhere(photo: Image.Image, seed: list[int]) -> Image.Image:
    """The portrait in front of something else, often in other clothes."""
    rng, side = np.random.default_rng(seed), photo.width
    alpha = Image.fromarray((255 * foreground(rgb2lab(np.asarray(photo)))).astype(np.uint8))
    moved = Image.composite(photo, surroundings(rng, side), alpha)
    if rng.random() < 0.7:
        outer, inner, foot = rng.uniform((0.76, 0.84, 0.2), (0.95, 0.97, 0.42)) * side
        collar = [(0, outer), (0.27 * side, inner), (foot, side), (0, side)]
        pen, cloth = ImageDraw.Draw(moved), colour(rng)
        pen.polygon(collar, fill=cloth)
        pen.polygon([(side - x, y) for x, y in collar], fill=cloth)
    return moved


TOONHEAD_HAIR = {  # the hair in front and behind
    "tied": ("bun", None),
    "long": ("sideComed", "longStraight"),
    "bob": ("sideComed", "shoulderHigh"),
    "neck": ("spiky", "neckHigh"),
    "short": ("sideComed", None),
    "spiky": ("spiky", None),
    "cropped": ("undercut", None),
    "bald": (None, None),
}
TOONHEAD_BEARD = {"full": "fullBeard", "goatee": "chinMoustache", "chin": "chin", "none": None}


def toonhead(look: Look) -> dict:
    """Options of DiceBear's toonHead."""
    front, rear = TOONHEAD_HAIR[look.hair]
    return {
        "skinColor": [look.skin],
        "hairColor": [look.hair_colour],
        "hair": [front] if front else [],
        "hairProbability": 100 if front else 0,
        "rearHair": [rear] if rear else [],
        "rearHairProbability": 100 if rear else 0,
        "beard": [b] if (b := TOONHEAD_BEARD[look.beard]) else [],
        "beardProbability": 100 if b else 0,
        "mouth": ["laugh" if look.smiling else "smile"],
        "eyes": ["wide"],
        "eyebrows": ["neutral"],
        "clothes": ["tShirt"],
        "clothesColor": [CLOTHES],
        "backgroundColor": [BACKGROUND],
    }


ADVENTURER_HAIR = {
    "tied": "long19",
    "long": "long05",
    "bob": "long25",
    "neck": "short07",
    "short": "short01",
    "spiky": "short16",
    "cropped": "short04",
    "bald": "short19",
}


def adventurer(look: Look) -> dict:
    """Options of DiceBear's adventurer; of beards it has the moustache alone."""
    bearded = look.beard in ("full", "goatee")
    return {
        "skinColor": [look.skin],
        "hairColor": [look.hair_colour],
        "hair": [ADVENTURER_HAIR[look.hair]],
        "hairProbability": 100,
        "features": ["mustache"],
        "featuresProbability": 100 if bearded else 0,
        "mouth": ["variant26" if look.smiling else "variant02"],
        "eyes": ["variant26"],
        "eyebrows": ["variant10"],
        "glassesProbability": 0,
        "earringsProbability": 0,
        "backgroundColor": [BACKGROUND],
    }


STYLES = {"toonhead": toonhead, "adventurer": adventurer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--style", choices=sorted(STYLES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    photos = sorted(arguments.photos.glob("*.jpg"))
    if not photos:
        raise SystemExit(f"{arguments.photos} holds no .jpg")
    if not (HERE / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=HERE, check=True)

    options = {name: STYLES[arguments.style](look) for name, look in looks(photos).items()}
    drawn = subprocess.run(
        ["node", HERE / "draw.js", arguments.style, str(DRAWN)],
        input=json.dumps(options),
        capture_output=True,
        text=True,
        check=True,
    )
    left, top, side = FRAMES[arguments.style]
    box = tuple(DRAWN * share for share in (left, top, left + side, top + side))
    people = sorted({s for p in photos if not (s := subject_of(p.stem)).startswith("composite")})
    held_out = set(people[::HELD_OUT_EVERY])
    parts = ("train", "held-out", "held-out-elsewhere")
    for part in parts:
        shutil.rmtree(arguments.out / part, ignore_errors=True)
        for kind in ("photo", "cartoon"):
            (arguments.out / part / kind).mkdir(parents=True)
    for seed, path in enumerate(photos):
        with Image.open(Path(drawn.stdout.strip()) / f"{path.stem}.png") as avatar:
            framed = avatar.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS, box)
        there = "held-out" if subject_of(path.stem) in held_out else "train"
        shutil.copy(path, arguments.out / there / "photo")
        framed.save(arguments.out / there / "cartoon" / f"{path.stem}.png")
        portrait = Image.open(path).convert("RGB")
        for copy in range(1, 1 + COPIES[there]):
            moved, stem = elsewhere(portrait, [seed, copy]), f"{path.stem}-{copy}"
            part = "train" if there == "train" else parts[2]
            moved.save(arguments.out / part / "photo" / f"{stem}.jpg", quality=92)
            framed.save(arguments.out / part / "cartoon" / f"{stem}.png")
    shutil.rmtree(drawn.stdout.strip())
    for part in parts:
        print(part, len(list((arguments.out / part / "photo").iterdir())))


if __name__ == "__main__":
    main()
