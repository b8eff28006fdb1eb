"""A figure before an even background is told from it; other pictures are left alone."""

import numpy as np
from pocketstyle.sdk.faces.cut_out import figure_of

RNG = np.random.default_rng(0)
BLUE = (182, 227, 244)


def disc(radius: float, centre: tuple[int, int] = (64, 64)) -> np.ndarray:
    y, x = np.mgrid[:128, :128]
    return np.hypot(x - centre[0], y - centre[1]) <= radius


def test_the_background_and_not_an_eye_of_its_colour():
    drawn = np.full((128, 128, 3), BLUE, np.uint8)
    drawn[disc(40)] = (200, 120, 90)
    drawn[disc(8)] = BLUE
    drawn[64:, 56:72] = (200, 120, 90)  # a neck that leaves the picture
    drawn = np.clip(drawn + RNG.normal(0, 2, drawn.shape), 0, 255).astype(np.uint8)
    figure = figure_of(drawn)
    assert figure.shape == (128, 128) and figure.dtype == np.float32
    assert (figure[disc(32)] > 0.99).all() and (figure[64:, 62:66] > 0.99).all()
    assert (figure[:80][~disc(42)[:80]] < 0.1).all()
    assert figure.min() >= 0 and figure.max() <= 1


def test_a_photo_has_no_background_to_leave_out():
    assert figure_of(RNG.integers(0, 256, (128, 128, 3), np.uint8)) is None
    slope = np.tile(np.arange(128, dtype=np.uint8)[:, None, None] * 2, (1, 128, 3))
    assert figure_of(slope) is None
