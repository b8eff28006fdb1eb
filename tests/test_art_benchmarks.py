"""What ArtNet is measured with: optimisation that descends, styles that are painted, a peer."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from gatys import drawn_by_optimisation
from painted_styles import MANNERS, SIDE, palette
from peers import MicroAst, rescaled
from pocketstyle.metrics import gram_loss
from pocketstyle.networks import art_spec, build
from pocketstyle.networks.transfers import AdaIn

SHARED = Path(os.environ.get("POCKETSTYLE_SHARED", "../shared"))


def test_optimisation_brings_the_style_nearer_and_keeps_the_content():
    torch.manual_seed(0)
    trunk = build(art_spec("vgg", 3, 64, stages=(8, 12, 16))).encoder.eval().requires_grad_(False)
    x, y = (torch.rand(1, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3) for _ in "xy")
    x, y = 2 * x - 1, y - 1
    made = drawn_by_optimisation(trunk, x, y)
    assert made.shape == x.shape and float(made.abs().max()) <= 1
    losses = [float(gram_loss(trunk(one), trunk(y))) for one in (x, made)]
    assert losses[1] < 0.7 * losses[0]
    apart = [float((trunk(one)[-1] - trunk(x)[-1]).square().mean()) for one in (y, made)]
    assert apart[1] < apart[0]


@pytest.mark.parametrize("manner", set(MANNERS), ids=lambda manner: manner.__name__)
def test_a_manner_paints_a_picture_of_its_own(manner):
    picture = np.random.default_rng(0).uniform(size=(9, 9, 3)).repeat(32, 0).repeat(32, 1)
    made = [manner(picture, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert made[0].shape == (SIDE, SIDE, 3) and np.isfinite(made[0]).all()
    assert np.ptp(made[0]) > 0.1
    assert (made[0] == made[1]).all() and np.abs(made[0] - made[2]).mean() > 1e-3


def test_a_palette_goes_from_dark_to_bright():
    colours = palette(np.random.default_rng(0), 6)
    assert colours.shape == (6, 3) and (np.diff(colours.max(1)) > 0).all()
    assert colours.min() >= 0 and colours.max() <= 1


def test_microasts_normalisation_is_adain_but_for_its_variances():
    x, y = torch.rand(1, 4, 20, 20), torch.rand(1, 4, 30, 10) * 3
    torch.testing.assert_close(rescaled(x, y), AdaIn().between(x, y), rtol=1e-2, atol=1e-2)


@torch.no_grad()
def test_microast_as_published():
    """472 thousand weights, as its paper says; a style's colours come over."""
    folder = SHARED / "weights/microast"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    network = MicroAst(folder)
    assert network.size == pytest.approx(472_000, rel=0.01)
    x, y = (torch.rand(1, 3, 8, 8).repeat_interleave(16, 2).repeat_interleave(16, 3) for _ in "xy")
    x, y = 2 * x - 1, y * torch.tensor([1.0, 0.2, 0.1])[:, None, None] * 2 - 1
    made = network(x, y)
    assert made.shape == x.shape
    before, after = ((one.mean((2, 3)) - y.mean((2, 3))).abs().sum() for one in (x, made))
    assert after < 0.5 * before
