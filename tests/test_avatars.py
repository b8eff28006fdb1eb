"""The pairs of portraits and avatars: who is who, and what of a person is drawn."""

import csv
from pathlib import Path

import numpy as np
import pairs
import pytest
import surroundings
from PIL import Image
from skimage.color import rgb2lab

ROOT = Path(__file__).parents[1]


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
        assert pairs.adventurer(look)["hair"][0].startswith(("short", "long"))


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


def test_the_wall_goes_and_the_person_stays():
    lab = np.full((128, 128, 3), (85.0, 0.0, 2.0))  # a grey wall, lit unevenly
    lab[..., 0] += np.linspace(-4, 4, 128)[:, None]
    rows, columns = np.mgrid[:128, :128]
    head = (rows - 70) ** 2 + (columns - 64) ** 2 < 40**2
    lab[head] = (60, 15, 20)
    lab[60:66, 50:58] = (86, 0, 1)  # the white of an eye: as the wall, but not of it
    shirt = rows > 112
    lab[shirt] = (88, 0, 0)
    alpha = pairs.foreground(lab)
    assert alpha[:20, :20].max() < 0.01 and alpha[40:100, 45:80].min() > 0.99
    assert alpha[head].mean() > 0.95


def test_elsewhere_keeps_the_face_and_is_the_same_again():
    photo = np.full((96, 96, 3), 225, np.uint8)
    photo[30:80, 25:70] = (150, 100, 80)
    picture = Image.fromarray(photo)
    first, again, other = (np.asarray(pairs.elsewhere(picture, [0, n])) for n in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.array_equal(first[35:70, 32:63], photo[35:70, 32:63])
    assert np.abs(first[:20].astype(int) - 225).mean() > 20


def test_surroundings_have_the_spectrum_of_photographs():
    """Amplitude falls with frequency, and no two are alike."""
    rng = np.random.default_rng(0)
    drawn = [np.asarray(surroundings.surroundings(rng, 128)).astype(float) for _ in range(8)]
    power = np.mean([np.abs(np.fft.rfft2(d.mean(-1) - d.mean())) ** 2 for d in drawn], 0)
    bands = [power[low : 2 * low, low : 2 * low].mean() for low in (2, 8, 32)]
    assert bands[0] > 10 * bands[1] > 100 * bands[2] > 0
    means = np.array([d.mean((0, 1)) for d in drawn])
    assert means.std(0).min() > 15
