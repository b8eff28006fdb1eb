"""Instance norm, LIN and AdaLIN over Widths (UGATIT, Kim et al. 2020, eq. 2-4).

All three have one form, y = (x - mean) * scale + shift with per-picture, per-channel scale and
shift, so that one fused kernel runs them in training, and a block's gate multiplies [B, C] numbers
instead of maps. Statistics that mix channels count the kept ones only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..latency_model.kernel import Kernel
from .width import Axes, Width

EPSILON = 1e-5


class InstanceNorm(nn.Module):
    """Non-affine instance norm with biased variance, as torch's."""

    axes: ClassVar[Axes] = {}

    def __init__(self, width: Width):
        super().__init__()
        self.in_width = self.out_width = width

    def forward(self, x: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        """[B, C, H, W] → the same; `gate` multiplies the output."""
        return batch_norm_per_picture(x, gate if isinstance(gate, Tensor) else None, None)

    @staticmethod
    def scale(variance: Tensor) -> Tensor:
        """What multiplies x - mean, [B, C, 1, 1]."""
        return (variance + EPSILON).rsqrt()

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        c = self.out_width.count
        yield from statistics_kernels(c, h, w, share)
        for op in ("ADD", "RESHAPE", "RSQRT"):
            yield vector_kernel(op, c, c, share)
        yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)


class LayerInstanceMixture(nn.Module):
    """gamma * (rho * IN(x) + (1 - rho) * LN(x)) + beta, with unbiased variances."""

    scale_products: int  # multiplications of [C] by [C] that are left in the exported scale

    def __init__(self, width: Width, rho: float):
        super().__init__()
        self.in_width = self.out_width = width
        self.rho = nn.Parameter(torch.full((width.channels,), rho))

    def normalise(self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float | Tensor) -> Tensor:
        """gamma and beta broadcast to [B, C, 1, 1]."""
        x = x.contiguous()  # planes, as batch_norm_per_picture wants them
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        scale, shift = self.affine(mean, variance, gamma, beta, x.shape[2] * x.shape[3])
        scale = scale * (variance + EPSILON).sqrt()  # batch_norm divides by it
        if isinstance(gate, Tensor):
            scale, shift = scale * gate, shift * gate
        return batch_norm_per_picture(x, scale, shift)

    def affine(
        self, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, n: int
    ) -> tuple[Tensor, Tensor]:
        """scale and shift of (x - mean) for biased statistics [B, C, 1, 1] over n pixels."""
        count, mask = self.out_width.count, self.out_width.mask

        def over_channels(t: Tensor) -> Tensor:
            if mask is None:
                return t.mean(1, keepdim=True)
            return (t * _per_channel(mask)).sum(1, keepdim=True) / count

        offset = mean - over_channels(mean)
        spread = over_channels(variance + offset * offset)
        # 1/sqrt(f v + e) as sqrt(1/f) / sqrt(v + e/f): the factor of the unbiased variance then
        # joins the constants of the exported graph
        f_instance, f_layer = n / (n - 1), n * count / (n * count - 1)
        instance = (variance + EPSILON / f_instance).rsqrt()
        layer = (spread + EPSILON / f_layer).rsqrt()
        rho = _per_channel(self.rho)
        rest = gamma * ((1 - rho) * f_layer**-0.5) * layer
        return gamma * (rho * f_instance**-0.5) * instance + rest, beta + rest * offset

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        c = self.out_width.count
        yield from statistics_kernels(c, h, w, share)
        yield vector_kernel("MEAN", c, 1, share)
        for op in ("SUB", "MUL", "ADD"):  # offset, its square, spread
            yield vector_kernel(op, c, c, share)
        yield vector_kernel("MEAN", c, 1, share)
        for op in ("ADD", "RESHAPE", "RSQRT"):  # instance
            yield vector_kernel(op, c, c, share)
        for op in ("ADD", "RSQRT"):  # layer
            yield vector_kernel(op, 1, 1, share)
        for op in ("MUL",) * self.scale_products + ("ADD", "MUL", "ADD"):  # scale, shift
            yield vector_kernel(op, c, c, share)
        yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)
        yield Kernel("ADD", c, c, 1, 1, 1, h, w, share)

    def clamp_mixture(self) -> None:
        """Keep rho in [0, 1]; called after each optimiser step."""
        with torch.no_grad():
            self.rho.clamp_(0, 1)


class LayerInstanceNorm(LayerInstanceMixture):
    """LIN: learned gamma (1 at the start), beta (0) and rho (0)."""

    axes: ClassVar[Axes] = dict.fromkeys(("rho", "gamma", "beta"), ("out",))
    scale_products = 2

    def __init__(self, width: Width):
        super().__init__(width, rho=0.0)
        self.gamma = nn.Parameter(torch.ones(width.channels))
        self.beta = nn.Parameter(torch.zeros(width.channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, _per_channel(self.gamma), _per_channel(self.beta), 1.0)


class AdaptiveLayerInstanceNorm(LayerInstanceMixture):
    """AdaLIN: gamma and beta [B, C, 1, 1] come from outside; rho starts at 0.9."""

    axes: ClassVar[Axes] = {"rho": ("out",)}
    scale_products = 4  # gamma is not a constant

    def __init__(self, width: Width):
        super().__init__(width, rho=0.9)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float | Tensor = 1.0) -> Tensor:
        return self.normalise(x, gamma, beta, gate)


def clamp_mixtures(network: nn.Module) -> None:
    """Clamp every share of a mixture to [0, 1]: rho (UGATIT's RhoClipper), Soft-AdaLIN's w."""
    for module in network.modules():
        if hasattr(module, "clamp_mixture"):
            module.clamp_mixture()


def randomise_mixtures(network: nn.Module) -> None:
    """rho, gamma and beta from .1 to .9: they start as constants, and a trained network's are none.

    A converter folds what is 0 or 1, so the graph of a fresh network is not that of a trained one.
    """
    for name, parameter in network.named_parameters():
        if name.endswith(("rho", "gamma", "beta")):
            nn.init.uniform_(parameter, 0.1, 0.9)


def vector_kernel(op: str, cin: int | Tensor, cout: int | Tensor, share: float | Tensor) -> Kernel:
    """An operator on [1, C, 1, 1] numbers."""
    return Kernel(op, cin, cout, 1, 1, 1, 1, 1, share)


def _per_channel(values: Tensor) -> Tensor:
    """[C] → [1, C, 1, 1]; the converter handles layouts right only with all four axes present."""
    return values.reshape(1, -1, 1, 1)


def batch_norm_per_picture(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Instance norm with per-picture weight and bias, as torch's fused batch norm of B * C.

    The two copies to and from planes are cheaper than torch's channels-last batch norm where the
    channels are not a multiple of 16; without the second one, each convolution would copy twice.
    """
    # torch's fused backward is silently wrong for the strides that reshape gives a single
    # channels-last picture, and for weights of stride 0, which an expanded gate would be
    b, c, h, w = x.shape
    weight, bias = (
        None if t is None else t.expand(b, c, 1, 1).flatten().contiguous() for t in (weight, bias)
    )
    flat = x.reshape(1, b * c, h, w) if b > 1 else x
    normed = F.batch_norm(flat, None, None, weight, bias, True, 0.0, EPSILON)
    normed = normed.reshape(x.shape) if b > 1 else normed
    return normed.contiguous(memory_format=torch.channels_last)


def spatial_mean(x: Tensor) -> Tensor:
    """Mean over rows, then columns, [B, C, H, W] → [B, C, 1, 1].

    In two steps because phone GPUs sum in float16: a whole map's sum overflows, a row's does not.
    """
    return x.mean(3, keepdim=True).mean(2, keepdim=True)


def spatial_mean_kernels(
    c: int | Tensor, h: int, w: int, share: float | Tensor = 1.0
) -> Iterator[Kernel]:
    """The two MEANs of `spatial_mean`."""
    yield Kernel("MEAN", c, c, w, 1, 1, h, 1, share)
    yield Kernel("MEAN", c, c, h, 1, 1, 1, 1, share)


def statistics_kernels(c: int | Tensor, h: int, w: int, share: float | Tensor) -> Iterator[Kernel]:
    """Mean, centring, variance, as the exported graph computes them."""
    yield from spatial_mean_kernels(c, h, w, share)
    yield Kernel("SUB", c, c, 1, 1, 1, h, w, share)
    yield Kernel("MUL", c, c, 1, 1, 1, h, w, share)
    yield from spatial_mean_kernels(c, h, w, share)
