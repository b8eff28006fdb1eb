"""The norms against torch's own layer and against UGATIT's formulas written out."""

import pytest
import torch
from pocketstyle.networks.normalisation import (
    AdaptiveLayerInstanceNorm,
    InstanceNorm,
    LayerInstanceNorm,
    clamp_mixtures,
)
from pocketstyle.networks.width import Width


def published(x, rho, gamma, beta, eps=1e-5):
    """rho * IN + (1 - rho) * LN with unbiased variances (Kim et al. 2020, eq. 2-4)."""
    inst = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + eps).sqrt()
    layer = (x - x.mean((1, 2, 3), keepdim=True)) / (x.var((1, 2, 3), keepdim=True) + eps).sqrt()
    mixed = rho[:, None, None] * inst + (1 - rho[:, None, None]) * layer
    return gamma * mixed + beta


@pytest.fixture
def x():
    return torch.randn(2, 5, 9, 7, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_instance_norm_equals_torchs(x):
    torch.testing.assert_close(InstanceNorm(Width("w", 5))(x), torch.nn.InstanceNorm2d(5)(x))


def test_lin_equals_the_formula(x):
    norm = LayerInstanceNorm(Width("w", 5))
    for parameter in norm.parameters():
        torch.nn.init.uniform_(parameter)
    gamma, beta = (p[:, None, None] for p in (norm.gamma, norm.beta))
    torch.testing.assert_close(norm(x), published(x, norm.rho, gamma, beta))


def test_adalin_equals_the_formula(x):
    norm = AdaptiveLayerInstanceNorm(Width("w", 5))
    torch.nn.init.uniform_(norm.rho)
    gamma, beta = torch.randn(2, 2, 5, 1, 1)
    torch.testing.assert_close(norm(x, gamma, beta), published(x, norm.rho, gamma, beta))


def test_gradients_equal_the_formulas(x):
    norm = AdaptiveLayerInstanceNorm(Width("w", 5)).double()
    gamma, beta = torch.randn(2, 2, 5, 1, 1, dtype=torch.float64)
    ours, theirs = x.double().requires_grad_(), x.double().requires_grad_()
    weight = torch.randn_like(ours)
    (norm(ours, gamma, beta) * weight).sum().backward()
    (published(theirs, norm.rho, gamma, beta) * weight).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_masked_channels_do_not_count_in_the_layer_statistics(x):
    width = Width("w", 5)
    width.search(1)
    with torch.no_grad():
        width.v[[1, 4]] = 0.0
    masked = LayerInstanceNorm(width)
    kept = LayerInstanceNorm(Width("k", 3))
    torch.testing.assert_close(masked(x)[:, [0, 2, 3]], kept(x[:, [0, 2, 3]]))


def test_a_gate_multiplies_the_output_and_gets_its_gradient(x):
    gate = torch.tensor(1.0, requires_grad=True)
    norm = InstanceNorm(Width("w", 5))
    y = norm(x, gate)
    torch.testing.assert_close(y, norm(x))
    y.square().sum().backward()
    assert gate.grad == pytest.approx(2 * float(y.detach().square().sum()), rel=1e-4)


FORMATS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("x_format", FORMATS)
@pytest.mark.parametrize("gradient_format", FORMATS)
@pytest.mark.parametrize("norm", ["plain", "gated", "adaptive"])
def test_gradients_are_right_in_every_memory_format(batch, x_format, gradient_format, norm):
    """torch's own instance norm is wrong for one picture whose gradient has the other format."""
    random = torch.Generator().manual_seed(0)
    x, gradient, gamma = (torch.randn(batch, 64, 8, 8, generator=random) for _ in range(3))
    gamma, rho = gamma[:, :, :1, :1], torch.full((64,), 0.9)  # AdaLIN's rho at the start
    width = Width("w", 64)

    def ours(x):
        if norm == "adaptive":
            return AdaptiveLayerInstanceNorm(width)(x, gamma, torch.zeros_like(gamma))
        return InstanceNorm(width)(x, *[torch.tensor(1.5)] * (norm == "gated"))

    def formula(x):
        if norm == "adaptive":
            return published(x, rho.double(), gamma.double(), 0.0)
        centred = x - x.mean((2, 3), keepdim=True)
        scaled = centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
        return scaled * (1.5 if norm == "gated" else 1)

    def gradient_of(function, x, seed):
        return torch.autograd.grad(function(x.requires_grad_()), x, seed)[0]

    made = gradient_of(
        ours,
        x.contiguous(memory_format=x_format),
        gradient.contiguous(memory_format=gradient_format),
    )
    torch.testing.assert_close(
        made.double(), gradient_of(formula, x.double(), gradient.double()), rtol=1e-4, atol=1e-5
    )


def test_a_constant_map_stays_finite():
    flat = torch.full((1, 5, 4, 4), 7.0)
    assert torch.isfinite(LayerInstanceNorm(Width("w", 5))(flat)).all()
    assert InstanceNorm(Width("w", 5))(flat).abs().max() < 1e-3


def test_rho_is_clamped():
    norm = LayerInstanceNorm(Width("w", 3))
    with torch.no_grad():
        norm.rho.copy_(torch.tensor([-0.5, 0.4, 1.5]))
    clamp_mixtures(norm)
    assert norm.rho.tolist() == pytest.approx([0.0, 0.4, 1.0])
