"""Aligned crops against scikit-image's own estimate, and against pictures known as formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketstyle.sdk.faces import Alignment, Face
from skimage.transform import SimilarityTransform

RNG = np.random.default_rng(0)
PUPILS = np.array([[0.365, 0.4], [0.635, 0.4]])  # of a crop, as benchmarks/avatars/README.md has it
eyes = st.tuples(*[st.floats(-500, 500)] * 4).filter(lambda e: math.dist(e[:2], e[2:]) > 3)


def waves(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A picture as a formula of pixels from its corner: [..., 3] in 20..235, smooth."""
    return np.stack(
        [128 + 100 * np.sin(x / a) * np.cos(y / b) for a, b in ((31, 23), (19, 37), (45, 29))], -1
    )


def sampled(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width] + 0.5
    return np.rint(waves(x, y)).astype(np.uint8)


def in_picture(place: Alignment, size: int) -> np.ndarray:
    """Where the middles of a crop's pixels lie in the picture, [size, size, 2], by trigonometry."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    x, y = (x - 0.5) * place.side, (y - 0.4) * place.side
    cosine, sine = math.cos(place.angle), math.sin(place.angle)
    return np.stack([place.x + cosine * x - sine * y, place.y + sine * x + cosine * y], -1)


@given(eyes)
@settings(deadline=None)
def test_the_pupils_come_where_the_training_has_them(eyes):
    face = Face((0, 0, 1, 1), eyes[:2], eyes[2:], 1.0)
    pupils = np.array([face.left_eye, face.right_eye])
    found = Alignment.of(face).to_picture(256)
    estimate = SimilarityTransform.from_estimate(PUPILS * 256, pupils).params[:2]
    assert found == pytest.approx(estimate, abs=1e-2)
    assert np.column_stack([PUPILS * 256, [1, 1]]) @ found.T == pytest.approx(pupils, abs=1e-6)


@pytest.mark.parametrize("side", [90.0, 200.0, 430.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2])
def test_a_crop_shows_what_lies_there(side, angle):
    place = Alignment(301.3, 287.8, side, angle)
    points = in_picture(place, 64)
    inside = ((points > 4) & (points < 596)).all(-1)
    expected = waves(points[..., 0], points[..., 1])
    crop = place.cut(sampled(600, 600), 64)
    assert inside.mean() > 0.8
    assert np.abs(crop - expected)[inside].max() <= (side / 64 / 2) ** 2 + 2  # what is averaged


def test_pixels_of_a_large_face_are_averaged():
    board = (np.indices((900, 900)).sum(0) % 2 * 255).astype(np.uint8)
    crop = Alignment(450, 420, 800, 0.1).cut(np.repeat(board[..., None], 3, 2), 64)
    assert np.abs(crop.astype(int) - 127).max() <= 4


def test_outside_of_the_picture_its_border_goes_on():
    rgb = np.zeros((50, 80, 3), np.uint8)
    rgb[:, 0], rgb[:, -1] = (200, 0, 0), (0, 200, 0)
    crop = Alignment(40, 20, 160, 0.0).cut(rgb, 160)  # columns -40..120, rows -44..116
    assert (crop[:, :38] == (200, 0, 0)).all() and (crop[:, 122:] == (0, 200, 0)).all()
    assert (crop[:, 44:116] == 0).all()


@pytest.mark.parametrize(
    "place",
    [
        Alignment(150, 130, 120, 0.0),
        Alignment(150, 130, 100, 0.7),
        Alignment(20, 15, 90, -0.3),  # cut off by the picture's corner
        Alignment(150.4, 130.2, 30, 2.0),
    ],
)
def test_pasting_changes_the_disc_alone(place):
    rgb = sampled(300, 260)
    pasted = rgb.copy()
    place.paste(np.full((64, 64, 3), 255, np.uint8), pasted)
    y, x = np.mgrid[:260, :300] + 0.5
    down = 0.1 * place.side  # from between the pupils to the crop's middle
    middle = place.x - math.sin(place.angle) * down, place.y + math.cos(place.angle) * down
    radius = np.hypot(x - middle[0], y - middle[1]) / (place.side / 2)
    changed = (pasted != rgb).any(2)
    assert not changed[radius > 1 + 2 / place.side].any()
    assert (pasted[radius < 0.75] >= 254).all() and (radius < 0.75).sum() > 100
    fading = pasted[(radius > 0.82) & (radius < 0.95)].astype(int)
    assert changed[(radius > 0.82) & (radius < 0.95)].all() and (fading < 255).any(1).all()


@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_what_is_cut_and_pasted_unchanged_is_not_seen(angle):
    rgb = sampled(300, 260)
    place = Alignment(150, 120, 140, angle)
    pasted = rgb.copy()
    place.paste(place.cut(rgb, 128), pasted)
    assert np.abs(pasted.astype(int) - rgb).max() <= 3


def test_only_the_figure_is_pasted():
    rgb, pasted = sampled(300, 260), sampled(300, 260)
    figure = np.zeros((64, 64), np.float32)
    figure[:, :32] = 1  # the left half
    Alignment(150, 130, 120, 0.0).paste(np.full((64, 64, 3), 255, np.uint8), pasted, figure)
    assert (pasted[:, 152:] == rgb[:, 152:]).all()
    assert (pasted[120:150, 110:148] == 255).all()


@pytest.mark.parametrize("place", [Alignment(-900, 40, 50, 0.2), Alignment(5, 9999, 50, 0.2)])
def test_a_crop_out_of_the_picture_changes_nothing(place):
    rgb = sampled(60, 40)
    pasted = rgb.copy()
    assert place.cut(rgb, 32).shape == (32, 32, 3)
    place.paste(np.full((32, 32, 3), 255, np.uint8), pasted)
    assert (pasted == rgb).all()


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.floats(-300, 300),
    st.floats(-300, 300),
    st.floats(0.5, 5000),
    st.floats(-7, 7),
)
@settings(deadline=None, max_examples=200)
def test_any_crop_of_any_picture(shape, x, y, side, angle):
    rgb = RNG.integers(0, 256, (*shape, 3), np.uint8)
    pasted, place = rgb.copy(), Alignment(x, y, side, angle)
    crop = place.cut(rgb, 16)
    assert crop.shape == (16, 16, 3)
    assert (crop.min((0, 1)) >= rgb.min((0, 1))).all()
    assert (crop.max((0, 1)) <= rgb.max((0, 1))).all()
    place.paste(np.full((16, 16, 3), 255, np.uint8), pasted)
    assert (pasted >= rgb).all()
