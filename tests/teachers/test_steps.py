"""The steps of the programs against formulas, scipy and scikit-image."""

import numpy as np
import pytest

pytest.importorskip("cv2.ximgproc", reason="pip install 'pocketstyle[teachers]'")

from pocketstyle.teachers.flow import Flow, across, along, flow_of
from pocketstyle.teachers.lines import strokes, tapered
from pocketstyle.teachers.tones import balanced, blurred_within, lab_of, rgb_of, stepped
from scipy.ndimage import binary_dilation, gaussian_filter, gaussian_filter1d, label
from skimage.color import rgb2lab

RNG = np.random.default_rng(0)


def grating(angle: float, side: int = 96) -> np.ndarray:
    """float32[side, side]: a sine of 12 pixels whose stripes run at an angle."""
    y, x = np.mgrid[:side, :side]
    return np.sin(2 * np.pi / 12 * (x * -np.sin(angle) + y * np.cos(angle))).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.3, -0.9])
def test_the_flow_runs_along_stripes(angle):
    flow = flow_of(np.dstack([grating(angle)] * 3), 2.0)
    along_stripes = np.abs(flow.x * np.cos(angle) + flow.y * np.sin(angle))
    assert along_stripes[8:-8, 8:-8].min() > 0.99
    assert np.hypot(flow.x, flow.y) == pytest.approx(1, abs=1e-5)


def test_smoothing_across_and_along_a_straight_flow_is_a_gaussian():
    picture = gaussian_filter(RNG.normal(0, 50, (64, 80)), 1.5).astype(np.float32)
    flow = Flow(np.ones_like(picture), np.zeros_like(picture))
    inner = np.s_[16:-16, 16:-16]
    down = gaussian_filter1d(picture, 2.0, axis=0)
    assert across(picture, flow, 2.0)[inner] == pytest.approx(down[inner], abs=0.3)
    right = gaussian_filter1d(picture, 3.0, axis=1, truncate=2.0)
    assert along(picture, flow, 3.0)[inner] == pytest.approx(right[inner], abs=0.6)


def test_strokes_are_those_of_hysteresis_without_short_ones():
    response = gaussian_filter(RNG.normal(0, 1, (120, 160)), 2.5).astype(np.float32) * 10
    ink = strokes(response, 0.5, 1.2, 0)
    regions, _ = label(response > 0.5, np.ones((3, 3)))
    expected = np.isin(regions, np.unique(regions[response > 1.2])) & (regions > 0)
    assert (ink[expected] > 0).all() and ink.max() <= 1
    assert not ink[~binary_dilation(expected, np.ones((3, 3)))].any()
    assert (ink[response > 1.2] == 1).all()
    dot, line = np.zeros((2, 60, 60), np.float32)
    dot[30, 30:34], line[30, 10:50] = 5, 5
    assert not strokes(dot, 0.5, 1.2, 10).any() and strokes(line, 0.5, 1.2, 10).any()


def test_a_tapered_stroke_is_wide_in_its_middle():
    ink = tapered(np.array([[10.0, 40.0], [60.0, 40.0], [110.0, 40.0]]), 9.0, (80, 120))
    widths = ink.sum(0)
    assert (
        widths[60] == pytest.approx(9, abs=1.2) and not widths[:7].any() and not widths[113:].any()
    )
    assert (np.diff(widths[12:58]) > -0.2).all() and (np.diff(widths[62:108]) < 0.2).all()


def test_a_staircase_has_plateaus_and_its_edges_between_them():
    value = np.linspace(-30, 30, 6001).astype(np.float32)
    made = stepped(value, 10.0, 0.5, 2.0)
    nearest = 2 + 10 * np.round((value - 2) / 10)
    away = np.abs(value - 2 - 10 * (np.floor((value - 2) / 10) + 0.5)) > 1.5
    assert made[away] == pytest.approx(nearest[away], abs=0.05)
    assert (np.diff(made) >= -1e-4).all() and np.abs(np.diff(made)).max() < 0.2


def test_a_coloured_light_becomes_more_neutral():
    grey = np.repeat(RNG.uniform(0.1, 0.8, (40, 40, 1)), 3, 2)
    light = np.array([1.0, 0.9, 0.75])
    seen = (grey**2.2 * light) ** (1 / 2.2)
    before, after = (np.ptp(one.mean((0, 1))) for one in (seen, balanced(seen)))
    assert after < 0.5 * before
    assert balanced(grey.astype(np.float32)) == pytest.approx(grey, abs=1e-3)


def test_colours_are_cielab():
    rgb = RNG.uniform(0, 1, (20, 30, 3)).astype(np.float32)
    assert lab_of(rgb) == pytest.approx(rgb2lab(rgb), abs=0.5)
    assert rgb_of(lab_of(rgb)) == pytest.approx(rgb, abs=5e-3)


def test_a_blur_within_a_mask_knows_nothing_of_what_is_outside():
    lab = np.zeros((40, 40, 3), np.float32)
    lab[:, :20], lab[:, 20:] = 60, 10
    mask = np.zeros((40, 40), np.float32)
    mask[:, :20] = 1
    made = blurred_within(lab, mask, 3.0)
    assert made[:, :20] == pytest.approx(60, abs=1e-3)
