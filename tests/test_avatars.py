"""The pairs of portraits and avatars: who is who, and what of a person is drawn."""

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2lab

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("pairs", ROOT / "benchmarks/avatars/pairs.py")
pairs = sys.modules["pairs"] = importlib.util.module_from_spec(spec)  # for its dataclass
spec.loader.exec_module(pairs)


@pytest.mark.parametrize(
    ("stem", "person"),
    [
        ("london_neutral_001_03", "london_001"),
        ("london_smiling_001", "london_001"),
        ("canada_008f", "canada_008f"),
        ("composite_f_african", "composite_f_african"),
    ],
)
def test_pictures_of_one_person_share_a_subject(stem, person):
    assert pairs.subject_of(stem) == person


def test_everybody_noted_can_be_drawn():
    with (ROOT / "benchmarks/avatars/subjects.csv").open() as file:
        noted = list(csv.DictReader(file))
    assert len({row["subject"] for row in noted}) == len(noted) > 100
    for row in noted:
        assert row["colour"] in pairs.HAIR
        look = pairs.Look(row["hair"], row["beard"], False, "f1c3a5", pairs.HAIR[row["colour"]])
        options = pairs.toonhead(look)
        for part in ("hair", "rearHair", "beard"):
            assert options[f"{part}Probability"] == 100 * len(options[part])
        assert (options["beard"] == []) == (row["beard"] == "none")


def portrait(lightness: float) -> np.ndarray:
    """CIELAB of a face of one tone between a dark wall's edges."""
    lab = np.zeros((100, 100, 3))
    lab[40:90, 20:80] = (lightness, 12, 15)
    return lab


def test_skin_is_as_light_as_the_cheeks():
    tones = []
    for lightness in (80, 70, 55, 40, 20):
        text = pairs.skin_colour(portrait(lightness))
        rgb = np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)]) / 255
        tones.append(rgb2lab(rgb)[0])
    assert tones == sorted(tones, reverse=True) and tones[0] - tones[-1] > 40
    assert pairs.skin_colour(portrait(90)) == pairs.SKIN[0]
    assert pairs.skin_colour(portrait(10)) == pairs.SKIN[-1]
