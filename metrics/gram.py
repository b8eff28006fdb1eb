"""How far apart two pictures are in style: features' correlations (Gatys et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def gram(features: Tensor) -> Tensor:
    """F Fᵀ / (H W) of [B, C, H, W]: [B, C, C]."""
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def gram_loss(made: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
    """Mean over the layers of ‖G(made) - G(style)‖² / ‖G(style)‖², [B].

    Relative, so that a layer's scale, which is the encoder's affair, does not weigh; the pictures
    may have other sides.
    """
    errors = []
    for a, b in zip(made, style, strict=True):
        wanted = gram(b)
        error = (gram(a) - wanted).square().sum((1, 2))
        errors.append(error / wanted.square().sum((1, 2)).clamp(min=1e-12))
    return sum(errors) / len(errors)
