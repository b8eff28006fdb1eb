"""Steadier video: noise is averaged away where nothing moves, and what moves leaves no ghost."""

import numpy as np
import pytest
from pocketstyle.sdk import Steady

RNG = np.random.default_rng(0)
SIDE = 64


def noisy(picture: np.ndarray, deviation: float) -> np.ndarray:
    return np.clip(picture + RNG.normal(0, deviation, picture.shape), 0, 255).astype(np.uint8)


def test_flicker_falls_where_the_clip_stands_still():
    """To sqrt((1 - kept) / (1 + kept)) of its deviation: a running mean, from frame to frame."""
    scene, stylised = RNG.uniform(40, 200, (2, SIDE, SIDE, 3))
    steady, made = Steady(), []
    for _ in range(60):
        made.append(steady(noisy(scene, 1.0), noisy(stylised, 20.0)))
    late = np.stack(made[30:]).astype(float)
    assert late.std(0).mean() == pytest.approx(20 * np.sqrt(0.2 / 1.8), rel=0.15)
    assert np.abs(late.mean(0) - stylised).mean() < 3


def test_what_moves_leaves_no_ghost():
    steady = Steady()
    for left in range(0, 48, 8):
        scene = np.full((SIDE, SIDE, 3), 60, np.uint8)
        scene[24:40, left : left + 16] = 220
        made = steady(scene, 255 - scene)
    before = slice(0, left - 8)  # where the square was, two frames ago and more
    assert np.abs(made[24:40, before].astype(int) - 195).max() <= 2
    assert np.abs(made[24:40, left + 4 : left + 12].astype(int) - 35).max() <= 2


def test_colours_of_one_brightness_leave_no_ghost():
    steady = Steady()
    for colour in ((200, 0, 0), (0, 102, 0)):  # 60 of 255 in grey, both
        scene = np.full((SIDE, SIDE, 3), colour, np.uint8)
        made = steady(scene, scene)
    assert (made == scene).all()


def test_slow_changes_add_up():
    """A scene that brightens by a level a frame is followed, not held."""
    steady = Steady()
    for level in range(50, 150):
        scene = np.full((SIDE, SIDE, 3), level, np.uint8)
        made = steady(scene, scene)
    assert abs(int(made[32, 32, 0]) - 149) <= 6


def test_the_first_frame_and_one_of_another_size_are_as_they_are():
    steady = Steady()
    for side in (16, 16, 24):
        scene = RNG.integers(0, 256, (side, side, 3), np.uint8)
        made = steady(scene, 255 - scene)
    assert (made == 255 - scene).all()
