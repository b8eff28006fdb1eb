"""Instance norm, or the constant affine map that a search may put in its place.

An instance norm takes eleven kernels on a phone's GPU, and no multiply-accumulates that a MAC count
sees. With the statistics of the training pictures (batch norm, Ioffe and Szegedy 2015) it becomes a
constant affine map, which export folds into the convolution before it: no kernel is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..normalisation import EPSILON, batch_norm_per_picture, statistics_kernels, vector_kernel
from ..width import Axes, Gate, Width

MOMENTUM = 0.05  # of the running statistics


class ChannelNorm(nn.Module):
    """gamma * (x - mean) / sqrt(variance + 1e-5) + beta, [B, C, H, W] → the same."""

    axes: ClassVar[Axes] = {"gamma": ("out",), "beta": ("out",)}

    def __init__(self, width: Width):
        super().__init__()
        self.in_width = self.out_width = width
        self.gamma = nn.Parameter(torch.ones(width.channels))
        self.beta = nn.Parameter(torch.zeros(width.channels))

    def gated(self, gate: float | Tensor) -> tuple[Tensor, Tensor]:
        """gamma and beta, multiplied by the gate of the residual block that ends here."""
        if isinstance(gate, Tensor):
            return self.gamma * gate, self.beta * gate
        return self.gamma, self.beta


class AffineInstanceNorm(ChannelNorm):
    """Mean and variance are those of each picture's channel."""

    def forward(self, x: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        return _instance_norm(x, *self.gated(gate))

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """Kernels for a map of h×w."""
        yield from _instance_norm_kernels(self.out_width.count, h, w, share)


class StaticNorm(ChannelNorm):
    """Mean and variance are the batch's while training, the training pictures' afterwards."""

    axes: ClassVar[Axes] = ChannelNorm.axes | {"mean": ("out",), "variance": ("out",)}

    def __init__(self, width: Width):
        super().__init__(width)
        self.register_buffer("mean", torch.zeros(width.channels))
        self.register_buffer("variance", torch.ones(width.channels))

    def forward(self, x: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        gamma, beta = self.gated(gate)
        return F.batch_norm(
            x, self.mean, self.variance, gamma, beta, self.training, MOMENTUM, EPSILON
        )

    def affine(self) -> tuple[Tensor, Tensor]:
        """scale and shift of the constant map x * scale + shift, [C] each."""
        scale = self.gamma * (self.variance + EPSILON).rsqrt()
        return scale, self.beta - self.mean * scale

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """None: the map is part of the convolution before it."""
        yield from ()


class ChosenNorm(StaticNorm):
    """An instance norm where the gate is open, a constant map where it is closed.

    A network that was searched has one where the gate stayed open, and a `StaticNorm` elsewhere.
    """

    def __init__(self, width: Width):
        super().__init__(width)
        self.gate = Gate(optional=True)

    def forward(self, x: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        gamma, beta = self.gated(gate)
        if self.gate.alpha is None:
            return _instance_norm(x, gamma, beta)
        variance, mean = torch.var_mean(x.to(self.gamma.dtype), (2, 3), correction=0)  # [B, C]
        static_mean, static_variance = self.mean, self.variance
        if self.training:
            static_mean = mean.mean(0)
            static_variance = (variance + (mean - static_mean).square()).mean(0)
            with torch.no_grad():
                self.mean.lerp_(static_mean, MOMENTUM)
                self.variance.lerp_(static_variance, MOMENTUM)
        instance = self.gate.open
        own, common = (variance + EPSILON).rsqrt(), (static_variance + EPSILON).rsqrt()
        scale = instance * own + (1 - instance) * common
        shift = instance * mean * own + (1 - instance) * static_mean * common
        return x * (gamma * scale)[..., None, None] + (beta - gamma * shift)[..., None, None]

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """Those of an instance norm, as far as the gate is open; `share` has no effect."""
        yield from _instance_norm_kernels(self.out_width.count, h, w, self.gate.open)


def _instance_norm(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return batch_norm_per_picture(x, gamma[None, :, None, None], beta[None, :, None, None])


def _instance_norm_kernels(
    c: int | Tensor, h: int, w: int, share: float | Tensor
) -> Iterator[Kernel]:
    yield from statistics_kernels(c, h, w, share)
    for op in ("ADD", "RESHAPE", "RSQRT", "MUL"):
        yield vector_kernel(op, c, c, share)
    yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)
    yield Kernel("ADD", c, c, 1, 1, 1, h, w, share)
