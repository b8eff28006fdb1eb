"""Instance norm, LIN and AdaLIN over Widths (UGATIT, Kim et al. 2020, eq. 2-4).

All three have one form, y = (x - mean) * scale + shift with per-picture, per-channel scale and
shift, so that one fused kernel runs them in training, and masks and gates multiply [B, C] numbers
instead of maps. Statistics that mix channels count the kept ones only.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..latency_model.kernel import Kernel
from .width import Width

EPSILON = 1e-5


class InstanceNorm(nn.Module):
    """Non-affine instance norm with biased variance, as torch's InstanceNorm2d; masks its output."""

    axes: dict[str, tuple[str, ...]] = {}

    def __init__(self, width: Width):
        super().__init__()
        self.in_width = self.out_width = width

    def forward(self, x: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        """[B, C, H, W] → the same; `gate` multiplies the output."""
        b, c, h, w = x.shape
        on = _combine(self.out_width.mask, gate)
        weight = None if on is None else on.expand(c).repeat(b)
        return F.batch_norm(
            x.reshape(1, b * c, h, w), None, None, weight, None, True, 0.0, EPSILON
        ).reshape(x.shape)

    def affine(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, None]:
        """scale and shift for given statistics [B, C, 1, 1]."""
        return (variance + EPSILON).rsqrt(), None

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        c = self.out_width.count
        yield from _statistics_kernels(c, h, w, share)
        yield Kernel("ADD", c, c, 1, 1, 1, 1, 1, share)
        yield Kernel("RSQRT", c, c, 1, 1, 1, 1, 1, share)
        yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)


class _LayerInstanceMixture(nn.Module):
    """gamma * (rho * IN(x) + (1 - rho) * LN(x)) + beta, with unbiased variances."""

    def __init__(self, width: Width, rho: float):
        super().__init__()
        self.in_width = self.out_width = width
        self.rho = nn.Parameter(torch.full((width.channels,), rho))

    def normalise(self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float | Tensor) -> Tensor:
        """gamma and beta broadcast to [B, C, 1, 1]."""
        b, c, h, w = x.shape
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        scale, shift = self.affine(mean, variance, gamma, beta, h * w)
        scale = scale * (variance + EPSILON).sqrt()  # batch_norm divides by it
        if (on := _combine(self.out_width.mask, gate)) is not None:
            on = on.expand(c)[:, None, None]
            scale, shift = scale * on, shift * on
        return F.batch_norm(
            x.reshape(1, b * c, h, w),
            None,
            None,
            scale.flatten(),
            shift.expand(b, c, 1, 1).flatten(),
            True,
            0.0,
            EPSILON,
        ).reshape(x.shape)

    def affine(
        self, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, n: int
    ) -> tuple[Tensor, Tensor]:
        """scale and shift of (x - mean) for biased statistics [B, C, 1, 1] over n pixels."""
        count, mask = self.out_width.count, self.out_width.mask
        if mask is not None:
            kept = mask[:, None, None]
            layer_mean = (mean * kept).sum(1, keepdim=True) / count
            offset = mean - layer_mean
            spread = ((variance + offset.square()) * kept).sum(1, keepdim=True)
        else:
            layer_mean = mean.mean(1, keepdim=True)
            offset = mean - layer_mean
            spread = (variance + offset.square()).sum(1, keepdim=True)
        instance = (variance * (n / (n - 1)) + EPSILON).rsqrt()
        layer = (spread * n / (count * n - 1) + EPSILON).rsqrt()
        rho = self.rho[:, None, None]
        rest = gamma * (1 - rho) * layer
        return gamma * rho * instance + rest, beta + rest * offset

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        c = self.out_width.count
        yield from _statistics_kernels(c, h, w, share)
        yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)
        yield Kernel("ADD", c, c, 1, 1, 1, h, w, share)

    def clamp_rho(self) -> None:
        """Keep rho in [0, 1]; called after each optimiser step."""
        with torch.no_grad():
            self.rho.clamp_(0, 1)


class LayerInstanceNorm(_LayerInstanceMixture):
    """LIN: learned gamma (1 at the start), beta (0) and rho (0)."""

    axes = {"rho": ("out",), "gamma": ("out",), "beta": ("out",)}

    def __init__(self, width: Width):
        super().__init__(width, rho=0.0)
        self.gamma = nn.Parameter(torch.ones(width.channels))
        self.beta = nn.Parameter(torch.zeros(width.channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.gamma[:, None, None], self.beta[:, None, None], 1.0)


class AdaptiveLayerInstanceNorm(_LayerInstanceMixture):
    """AdaLIN: gamma and beta [B, C] come from outside; rho starts at 0.9."""

    axes = {"rho": ("out",)}

    def __init__(self, width: Width):
        super().__init__(width, rho=0.9)

    def forward(
        self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float | Tensor = 1.0
    ) -> Tensor:
        return self.normalise(x, gamma[:, :, None, None], beta[:, :, None, None], gate)


def clamp_rho(network: nn.Module) -> None:
    """Clamp every rho of a network to [0, 1] (UGATIT's RhoClipper)."""
    for module in network.modules():
        if isinstance(module, _LayerInstanceMixture):
            module.clamp_rho()


def _combine(mask: Tensor | None, gate: float | Tensor) -> Tensor | None:
    """mask * gate as float[C] or float[1]; None where nothing is masked."""
    if mask is None:
        return gate.reshape(1) if isinstance(gate, Tensor) else None
    return mask * gate


def _statistics_kernels(c, h: int, w: int, share) -> Iterator[Kernel]:
    """Mean, centring, square, mean: as the exported graph computes them (rows, then columns)."""
    for op in ("mean", "square"):
        if op == "square":
            yield Kernel("SUB", c, c, 1, 1, 1, h, w, share)
            yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)
        yield Kernel("MEAN", c, c, w, 1, 1, h, 1, share)
        yield Kernel("MEAN", c, c, h, 1, 1, 1, 1, share)
