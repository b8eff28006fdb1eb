"""The stability term on generators whose steadiness is known."""

import numpy as np
import pytest
import torch
from pocketstyle.search.steadiness import NOISE, _motion, unsteadiness


@pytest.fixture
def x():
    """Smooth pictures: what two bilinear samplings lose of them is little."""
    coarse = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0)) - 0.5
    return torch.nn.functional.interpolate(coarse, size=64, mode="bicubic")


def value(generator, x, seed=0):
    return float(unsteadiness(generator, x, generator(x), seed))


def test_what_treats_every_pixel_alike_is_as_steady_as_the_noise_lets_it_be(x):
    expected = NOISE * (2 / torch.pi) ** 0.5  # mean magnitude of normal noise
    assert value(lambda t: t, x) == pytest.approx(expected, rel=0.05)
    assert value(lambda t: -0.5 * t, x) == pytest.approx(expected / 2, rel=0.05)


def test_what_is_fixed_to_the_screen_is_unsteady(x):
    raster = 0.2 * torch.sin(torch.arange(64.0))  # stays where it is when the frame moves
    assert value(lambda t: t + raster, x) > 4 * value(lambda t: t, x)


def test_the_motion_is_as_fine_in_half_precision(x):
    with torch.autocast("cpu", torch.bfloat16):
        half = value(lambda t: t, x)
    assert half == value(lambda t: t, x)


def test_the_same_seed_moves_alike_and_another_otherwise(x):
    def nonlinear(t):
        return t.square()

    assert value(nonlinear, x, [3, 4]) == value(nonlinear, x, [3, 4]) != value(nonlinear, x, [3, 5])


def test_a_wide_frame_is_turned_without_shearing_it():
    """Distances of pixels change by the zoom alone, the same along and across."""
    x = torch.zeros(4, 3, 24, 60)
    grid = _motion(x, np.random.default_rng(0)) * torch.tensor([30.0, 12.0])  # pixels
    along = (grid[:, 12, -1] - grid[:, 12, 0]).norm(dim=-1) / 59
    across = (grid[:, -1, 30] - grid[:, 0, 30]).norm(dim=-1) / 23
    torch.testing.assert_close(along, across, rtol=1e-4, atol=0)
    right = ((grid[:, 12, -1] - grid[:, 12, 0]) * (grid[:, -1, 30] - grid[:, 0, 30])).sum(-1)
    assert right.abs().max() < 1e-2
