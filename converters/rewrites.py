"""Modules rewritten so that the exported graph is one that a phone's GPU runs.

Each rewrite computes the same function (tested to 1e-5) with other operators; `rewrite` applies
all of them to a copy of a compact network.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.layers import ConvTranspose2d
from ..networks.normalisation import (
    AdaptiveLayerInstanceNorm,
    InstanceNorm,
    LayerInstanceNorm,
    spatial_mean,
)
from ..networks.photo.photo import SkipNorm, Stage
from ..networks.style.channel_norm import (
    AffineInstanceNorm,
    ChannelNorm,
    ChosenNorm,
    StaticNorm,
)
from ..networks.transfers import (
    ConvolutionalSandwichSwap,
    EigenWct,
    NewtonSchulzWct,
    SandwichSwap,
)
from ..networks.transfers.transfer import channels_last_mean


class ExportedInstanceNorm(InstanceNorm):
    """Instance norm from means; torch's fused operator lowers to a transpose on either side."""

    def forward(self, x: Tensor, gate: float = 1.0) -> Tensor:
        centred, _, variance = _statistics(x)
        return centred * self.scale(variance)


class ExportedSkipNorm(ExportedInstanceNorm):
    """The same of features that a style transform made, which are channels last."""

    def forward(self, x: Tensor, gate: float = 1.0) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        centred = x - channels_last_mean(x)
        variance = channels_last_mean(centred * centred)
        return (centred * self.scale(variance)).permute(0, 3, 1, 2)


class ExportedStage(Stage):
    """A stage that joins channels last, or each of its inputs would be transposed."""

    def joined(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat((x.permute(0, 2, 3, 1), skip.permute(0, 2, 3, 1)), 3).permute(0, 3, 1, 2)


class _ExportedMixture:
    """One multiply-add of the centred map, all else on [1, C, 1, 1] numbers."""

    def normalise(self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float) -> Tensor:
        centred, mean, variance = _statistics(x)
        scale, shift = self.affine(mean, variance, gamma, beta, x.shape[2] * x.shape[3])
        return centred * scale + shift


class ExportedLayerInstanceNorm(_ExportedMixture, LayerInstanceNorm):
    """LIN."""


class ExportedAdaptiveLayerInstanceNorm(_ExportedMixture, AdaptiveLayerInstanceNorm):
    """AdaLIN."""


class ExportedConvTranspose2d(ConvTranspose2d):
    """Without padding, the margin cut off afterwards: the converter knows no output padding."""

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.k == 4:  # which needs none
            return super().convolve(x, weight)
        # a negative padding becomes one SLICE, indexing one for each axis
        return F.pad(F.conv_transpose2d(x, weight, self.bias, 2), (-1, 0, -1, 0))


class ExportedAffineInstanceNorm(ChannelNorm):
    """Instance norm from means, then gamma and beta; also of a norm that a search kept."""

    def forward(self, x: Tensor, gate: float = 1.0) -> Tensor:
        centred, _, variance = _statistics(x)
        scale = self.gamma[None, :, None, None] * InstanceNorm.scale(variance)
        return centred * scale + self.beta[None, :, None, None]


class FoldedNorm(StaticNorm):
    """What is left of a static norm after `fold_static_norms`: nothing."""

    def forward(self, x: Tensor, gate: float = 1.0) -> Tensor:
        return x


EXPORTED = {
    AffineInstanceNorm: ExportedAffineInstanceNorm,
    ChosenNorm: ExportedAffineInstanceNorm,
    ConvTranspose2d: ExportedConvTranspose2d,
    InstanceNorm: ExportedInstanceNorm,
    LayerInstanceNorm: ExportedLayerInstanceNorm,
    AdaptiveLayerInstanceNorm: ExportedAdaptiveLayerInstanceNorm,
    SkipNorm: ExportedSkipNorm,
    Stage: ExportedStage,
    EigenWct: NewtonSchulzWct,
    SandwichSwap: ConvolutionalSandwichSwap,
}


def rewrite(network: nn.Module) -> nn.Module:
    """An equal copy of a compact network, ready for export: evaluating in float32 on the CPU."""
    network = copy.deepcopy(network).eval().cpu().float()
    fold_static_norms(network)
    for module in network.modules():
        # same parameters and meaning, other operators: only the class changes
        module.__class__ = EXPORTED.get(type(module), type(module))
    return network


@torch.no_grad()
def fold_static_norms(network: nn.Module) -> None:
    """Make each static norm a part of the convolution before it."""
    for conv, norm in getattr(network, "static_pairs", tuple)():
        scale, shift = norm.affine()
        shape = [1] * conv.weight.ndim
        shape[conv.axes["weight"].index("out")] = -1
        conv.weight.mul_(scale.reshape(shape))
        conv.bias.mul_(scale).add_(shift)
        norm.__class__ = FoldedNorm


def _statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = spatial_mean(x)
    centred = x - mean
    return centred, mean, spatial_mean(centred * centred)
