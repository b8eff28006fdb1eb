"""MicroAST (Wang et al. 2023) from its description and its published weights, to stand beside ours.

Two small encoders, statistics of style features at two levels, and convolutions of the decoder
modulated by what a third network makes of the style.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PARTS = ("content_encoder", "style_encoder", "modulator", "decoder")
ENCODER = ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1))  # places of its convolutions, their strides


class MicroAst(nn.Module):
    """Pictures of -1..1, sides multiples of 4.

    Args:
        folder: of the four published checkpoints, read as tensors alone.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.weights: dict[str, Tensor] = {}
        for part in PARTS:
            path = folder / f"{part}_iter_160000.pth.tar"
            stored = torch.load(path, map_location="cpu", weights_only=True)
            self.weights |= {f"{part}.{name}": value for name, value in stored.items()}

    @property
    def size(self) -> int:
        """Weights that a picture goes through."""
        return sum(value.numel() for value in self.weights.values())

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return self.stylize(content, self.encode_style(style))

    def encode_style(self, style: Tensor) -> list[tuple]:
        """Of both levels, the deeper one first: features, and the filters that they give."""
        near, deep = self.encoded("style_encoder", style)
        return [(deep, self.filters(deep, 2)), (near, self.filters(near, 1))]

    def stylize(self, content: Tensor, style: list[tuple]) -> Tensor:
        _, x = self.encoded("content_encoder", content)
        for (features, filters), layer in zip(style, ("dec1", "dec2"), strict=True):
            x = self.modulated(rescaled(x, features), f"decoder.{layer}", filters)
        for depthwise, pointwise in (("1", "3"), ("6", "8")):
            x = F.interpolate(x, scale_factor=2, mode="bilinear")
            x = F.relu(self.convolved(x, f"decoder.dec3.{depthwise}"))
            x = F.relu(self.convolved(x, f"decoder.dec3.{pointwise}"))
        return 2 * self.convolved(x, "decoder.dec3.10") - 1

    def encoded(self, part: str, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Two maps at a quarter of the sides."""
        x = (picture + 1) / 2
        for place, stride in ENCODER:
            x = F.relu(self.convolved(x, f"{part}.enc1.{place}", stride))
        first = self.residual(x, f"{part}.enc1.10")
        return first, self.residual(first, f"{part}.enc2.0")

    def filters(self, features: Tensor, level: int) -> tuple[Tensor, Tensor]:
        """A factor for what a convolution makes and one for what it reads, [B, C, 1, 1]."""
        return tuple(
            self.convolved(features, f"modulator.{kind}{level}.0").mean((2, 3), keepdim=True)
            for kind in ("weight", "bias")
        )

    def modulated(self, x: Tensor, name: str, filters: tuple[Tensor, Tensor]) -> Tensor:
        of_made, of_read = filters

        def once(read: Tensor, layer: str) -> Tensor:
            return of_made * self.convolved(read, f"{name}.{layer}") + of_read * read

        return x + once(F.relu(once(x, "conv1")), "conv2")

    def residual(self, x: Tensor, name: str) -> Tensor:
        return x + self.convolved(F.relu(self.convolved(x, f"{name}.conv1")), f"{name}.conv2")

    def convolved(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight = self.weights[f"{name}.conv_layer.weight"]
        bias = self.weights[f"{name}.conv_layer.bias"]
        groups = x.shape[1] // weight.shape[1]
        x = F.pad(x, (weight.shape[2] // 2,) * 4, mode="reflect")
        return F.conv2d(x, weight, bias, stride, groups=groups)


def rescaled(content: Tensor, style: Tensor) -> Tensor:
    """AdaIN with the variances that MicroAST has: unbiased, + 1e-5."""

    def moments(x: Tensor) -> tuple[Tensor, Tensor]:
        return x.mean((2, 3), keepdim=True), (x.var((2, 3), keepdim=True) + 1e-5).sqrt()

    (mean, deviation), (wanted_mean, wanted_deviation) = moments(content), moments(style)
    return (content - mean) / deviation * wanted_deviation + wanted_mean
