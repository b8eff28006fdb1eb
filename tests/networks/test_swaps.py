"""Transforms that exchange patches or learn, against numpy, torch's convolutions and the claims."""

import itertools
import math

import numpy as np
import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.networks import Width
from pocketstyle.networks.transfers import (
    AdaIn,
    AvatarDecorator,
    ConvolutionalSandwichSwap,
    EigenWct,
    LinearWct,
    OptimalWct,
    SandwichSwap,
    StyleSwap,
    coloured,
)
from torch.nn import functional as F

from .test_transfers import features, moments


def by_convolutions(content: torch.Tensor, style: torch.Tensor, patch: int) -> torch.Tensor:
    """Chen and Schmidt's form: patches as filters, their maximum, a transposed convolution."""
    half = patch // 2
    x, y = (F.pad(t, (half,) * 4, mode="reflect") for t in (content, style))
    c = y.shape[1]
    filters = y.unfold(2, patch, 1).unfold(3, patch, 1).permute(0, 2, 3, 1, 4, 5)
    filters = filters.reshape(-1, c, patch, patch)
    unit = filters / (filters.flatten(1).norm(dim=1)[:, None, None, None] + 1e-7)
    scores = F.conv2d(x, unit)
    one_hot = F.one_hot(scores.argmax(1), len(filters)).permute(0, 3, 1, 2).to(x)
    laid = F.conv_transpose2d(one_hot, filters)
    ones = torch.ones(1, 1, patch, patch)
    times = F.conv_transpose2d(torch.ones_like(one_hot[:, :1]), ones)
    h, w = content.shape[2:]
    return (laid / times)[..., half : half + h, half : half + w]


@pytest.mark.parametrize("patch", [1, 3, 5])
def test_it_is_the_convolutional_form(patch):
    content, style = features(0, 6, 14, 11), features(1, 6, 9, 13)
    made = StyleSwap(patch).between(content, style)
    torch.testing.assert_close(made, by_convolutions(content, style, patch), rtol=1e-5, atol=1e-5)


def test_chunks_change_nothing(monkeypatch):
    content, style = features(0, 6, 20, 17), features(1, 6, 9, 13)
    whole = StyleSwap().between(content, style)
    monkeypatch.setattr("pocketstyle.networks.transfers.swap.AT_ONCE", 3 * 9 * 13 * 17)
    torch.testing.assert_close(StyleSwap().between(content, style), whole)


def test_every_pixel_is_the_styles_where_patches_are_pixels():
    content, style = features(0, 3, 8, 8), features(1, 3, 6, 6)
    made = StyleSwap(1).between(content, style)[0].flatten(1).T
    there = {tuple(row) for row in style[0].flatten(1).T.tolist()}
    assert all(tuple(row) in there for row in made.tolist())


def test_a_regular_grid_of_patches():
    """With a quarter of the patches, those at even places are chosen from."""
    content, style = features(0, 3, 8, 8), features(1, 3, 8, 8)
    made = StyleSwap(1, most=16).between(content, style)
    wanted = StyleSwap(1).between(content, style[..., ::2, ::2])
    torch.testing.assert_close(made, wanted)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
@pytest.mark.parametrize(("patch", "most"), [*itertools.product((1, 3, 5), (None, 64))])
def test_the_sandwich_has_the_styles_mean_and_deviation(patch, most, share):
    """The paper's claim, to 1e-4."""
    content, style = features(0), features(1, h=9, w=31)
    made = SandwichSwap(patch, most, share).between(content, style)
    for one in (torch.mean, lambda x, over: x.std(over, unbiased=False)):
        torch.testing.assert_close(one(made, (2, 3)), one(style, (2, 3)), rtol=1e-4, atol=1e-4)
    swap = StyleSwap(patch).between(content, style)
    assert (swap.mean((2, 3)) - style.mean((2, 3))).abs().max() > 1e-2  # which a swap alone has not


def test_the_sandwich_is_its_three_layers():
    content, style = features(0), features(1, h=9, w=20)
    projected = AdaIn().between(content, style)
    wanted = AdaIn().between(StyleSwap().between(projected, style), style)
    torch.testing.assert_close(SandwichSwap(share=1).between(content, style), wanted)
    mixed = StyleSwap().between(projected, style) / 4 + projected * 3 / 4
    wanted = AdaIn().between(mixed, style)
    torch.testing.assert_close(SandwichSwap(share=0.25).between(content, style), wanted)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, math.nan])
def test_shares_that_are_none(share):
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        SandwichSwap(share=share)


@pytest.mark.parametrize("sides", [(24, 20), (13, 9), (2, 3)])
@pytest.mark.parametrize(("patch", "most"), [*itertools.product((1, 3, 5), (None, 64))])
def test_the_form_that_phones_run(patch, most, sides):
    content, style = features(0, 8, *sides), features(1, h=9, w=31)
    made = ConvolutionalSandwichSwap(patch, most).between(content, style)
    wanted = SandwichSwap(patch, most).between(content, style)
    torch.testing.assert_close(made, wanted, rtol=1e-3, atol=1e-3)


def test_texture_of_one_and_colours_of_another():
    transfer = SandwichSwap()
    content, texture, colour = features(0), features(1, h=9, w=31), features(2, h=12, w=12)
    both = coloured(transfer.statistics(texture), transfer.statistics(colour))
    made = transfer(content, *both)
    torch.testing.assert_close(made.mean((2, 3)), colour.mean((2, 3)), rtol=1e-3, atol=1e-3)
    plain = transfer(content, *transfer.statistics(texture))

    def normed(x):
        return (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True)

    torch.testing.assert_close(normed(made), normed(plain), rtol=1e-3, atol=1e-3)


def test_optimal_transport_has_the_styles_covariance_and_moves_least():
    content, style = features(0), features(1, h=9, w=31)
    mean, covariance = moments(OptimalWct().between(content, style))
    wanted_mean, wanted = moments(style)
    np.testing.assert_allclose(mean, wanted_mean, atol=1e-3)
    np.testing.assert_allclose(covariance, wanted, atol=0.03 * np.abs(wanted).max())
    moved = [
        float((kind().between(content, style) - content).square().mean())
        for kind in (OptimalWct, EigenWct)
    ]
    assert moved[0] < moved[1]


def test_optimal_transport_is_its_formula():
    """Against scipy's matrix roots, on covariances of full rank."""
    from scipy.linalg import sqrtm

    content, style = features(0, 4, 40, 40), features(1, 4, 40, 40)
    (mean, c), (wanted_mean, s) = moments(content), moments(style)
    c, s = (one + 1e-3 * np.trace(one) * np.eye(4) for one in (c, s))
    root = sqrtm(c).real
    between = sqrtm(root @ s @ root).real
    matrix = np.linalg.inv(root) @ between @ np.linalg.inv(root)
    flat = content[0].flatten(1).double().numpy() - mean[:, None]
    made = OptimalWct().between(content, style)[0].flatten(1)
    np.testing.assert_allclose(made, matrix @ flat + wanted_mean[:, None], rtol=1e-3, atol=1e-2)


def test_avatars_decorator_is_whitening_a_swap_and_colouring():
    content, style = features(0), features(1, h=9, w=31)
    white = []
    for one in (content, style):
        mean, covariance = moments(one)
        values, vectors = np.linalg.eigh(covariance)
        power = (vectors * (values + 1e-3 * values.sum()) ** -0.5) @ vectors.T
        flat = power @ (one[0].flatten(1).double().numpy() - mean[:, None])
        white.append(torch.from_numpy(flat).float().reshape_as(one))
    swap = by_convolutions(*white, 3)[0].flatten(1).double().numpy()
    root = (vectors * (values + 1e-3 * values.sum()) ** 0.5) @ vectors.T  # the style's
    wanted = root @ swap + mean[:, None]
    made = AvatarDecorator().between(content, style)[0].flatten(1)
    close = np.abs(made.numpy() - wanted).max(0) < 0.05 * np.abs(wanted).max()
    assert close.mean() > 0.97  # a near tie may fall otherwise


@torch.no_grad()
def test_linear_transfer_has_the_styles_mean_where_its_matrices_are_zero():
    torch.manual_seed(0)
    transfer, content, style = LinearWct(Width("f", 8)), features(0), features(1, h=9, w=31)
    transfer.of_content.full.weight.zero_()
    transfer.of_content.full.bias.zero_()
    transfer.up[0].bias.zero_()
    made = transfer.between(content, style)
    torch.testing.assert_close(made, style.mean((2, 3), keepdim=True).expand_as(made))
    for hard in (torch.zeros(1, 8, 1, 1), torch.full((1, 8, 4, 4), 3.0), 1e4 * features(3)):
        assert transfer.between(hard, hard).isfinite().all()


@torch.no_grad()
def test_linear_transfer_keeps_the_styles_contrast():
    torch.manual_seed(0)
    transfer, content, style = LinearWct(Width("f", 8)), features(0), features(1)

    def deviation(content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        return transfer.between(content, style).std((2, 3))

    once = deviation(content, style)
    assert (once > 0).all()
    torch.testing.assert_close(deviation(content, 2 * style), 2 * once, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(deviation(2 * content, style), once, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", [StyleSwap, SandwichSwap, AvatarDecorator])
def test_a_style_smaller_than_a_patch(kind):
    for side in (1, 2):
        tiny = features(1)[..., :side, :side]
        made = kind(5).between(features(0), tiny)
        assert made.isfinite().all()
        assert kind(5).between(tiny, features(0)).isfinite().all()
    with pytest.raises(UsageError, match="one of"):
        kind(2)


def test_alpha_and_batches():
    transfer = SandwichSwap()
    content, style = torch.cat((features(0), features(1))), torch.cat((features(2), features(3)))
    torch.testing.assert_close(transfer.between(content, style, 0.0), content)
    whole = transfer.between(content, style)
    for i in range(2):
        alone = transfer.between(content[i : i + 1], style[i : i + 1])
        torch.testing.assert_close(whole[i : i + 1], alone, rtol=1e-4, atol=1e-4)
    one_style = transfer(content, *transfer.statistics(style[:1]))
    torch.testing.assert_close(one_style[:1], whole[:1], rtol=1e-4, atol=1e-4)


def test_styles_that_are_not_one_for_each_content():
    transfer, styles = StyleSwap(), torch.cat((features(2), features(3)))
    with pytest.raises(UsageError, match="2 styles for 3 contents"):
        transfer(features(0).repeat(3, 1, 1, 1), *transfer.statistics(styles))


def test_transforms_that_phones_do_not_run_have_no_cost():
    with pytest.raises(UsageError, match="StyleSwap has no form that phones run"):
        list(StyleSwap().kernels(4, 8, 8))
