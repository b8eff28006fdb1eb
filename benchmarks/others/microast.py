"""MicroAST (Wang et al., AAAI 2023) with one style: from its published weights.

The two encoders are alike: a 9x9 convolution, two halvings by a depthwise convolution that doubles
the channels and a 1x1 one, two residual blocks. The style's maps give a mean and a deviation for
each of the decoder's two blocks, and a modulator a weight and a bias; the rest sees the content.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-5  # of its variances


class Conv(nn.Module):
    """A convolution with its edges reflected."""

    def __init__(self, cin: int, cout: int, k: int, stride: int = 1, groups: int = 1):
        super().__init__()
        self.conv_layer = nn.Conv2d(cin, cout, k, stride, groups=groups)
        self.margin = k // 2

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_layer(F.pad(x, (self.margin,) * 4, "reflect"))


class Residual(nn.Module):
    """Two convolutions beside the map, modulated or not."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = Conv(64, 64, 3), Conv(64, 64, 3)

    def forward(self, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None):
        if weight is None:
            return x + self.conv2(self.conv1(x).relu())
        y = (weight * self.conv1(x) + bias * x).relu()
        return x + weight * self.conv2(y) + bias * y


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc1 = nn.Sequential(
            *(Conv(3, 16, 9), nn.ReLU()),
            *(Conv(16, 32, 3, 2, 16), nn.ReLU(), Conv(32, 32, 1), nn.ReLU()),
            *(Conv(32, 64, 3, 2, 32), nn.ReLU(), Conv(64, 64, 1), nn.ReLU()),
            Residual(),
        )
        self.enc2 = nn.Sequential(Residual())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = self.enc1(x)
        return first, self.enc2(first)


class Modulator(nn.Module):
    """Weights and biases of the blocks, from the style's maps."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("weight1", "bias1", "weight2", "bias2"):
            setattr(self, name, nn.Sequential(Conv(64, 64, 3, groups=64)))

    def forward(self, maps: tuple[Tensor, Tensor]) -> list[tuple[Tensor, Tensor]]:
        pairs = ((self.weight1, self.bias1), (self.weight2, self.bias2))
        return [
            tuple(layer(x).mean((2, 3), keepdim=True) for layer in pair)
            for pair, x in zip(pairs, maps, strict=True)
        ]


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dec1, self.dec2 = Residual(), Residual()
        up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.dec3 = nn.Sequential(
            *(up, Conv(64, 32, 3, groups=32), nn.ReLU(), Conv(32, 32, 1), nn.ReLU()),
            *(up, Conv(32, 16, 3, groups=16), nn.ReLU(), Conv(16, 16, 1), nn.ReLU()),
            Conv(16, 3, 9),
        )


class MicroAst(nn.Module):
    """Pictures [B, 3, H, W] of 0..1 in the manner of one, 0..1 but for what exceeds it."""

    def __init__(self, weights: Path, style: Tensor):
        """
        Args:
            weights: folder of the published files.
            style: [1, 3, H, W] of 0..1.
        """
        super().__init__()
        self.content, self.decoder = Encoder(), Decoder()
        encoder, modulator = Encoder(), Modulator()
        for module, name in (
            (self.content, "content_encoder"),
            (encoder, "style_encoder"),
            (self.decoder, "decoder"),
            (modulator, "modulator"),
        ):
            path = weights / f"{name}_iter_160000.pth.tar"
            module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        with torch.no_grad():
            maps = encoder(style)
            for i, (one, pair) in enumerate(zip(maps, modulator(maps), strict=True)):
                for name, value in zip(
                    ("mean", "deviation", "weight", "bias"), (*_statistics(one), *pair), strict=True
                ):
                    self.register_buffer(f"{name}{i}", value)

    def forward(self, x: Tensor) -> Tensor:
        x = self.content(x)[1]
        for i, block in ((1, self.decoder.dec1), (0, self.decoder.dec2)):
            mean, deviation = _statistics(x)
            x = (x - mean) / deviation * getattr(self, f"deviation{i}") + getattr(self, f"mean{i}")
            x = block(x, getattr(self, f"weight{i}"), getattr(self, f"bias{i}"))
        return self.decoder.dec3(x)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    variance = x.var((2, 3), keepdim=True, unbiased=True)
    return x.mean((2, 3), keepdim=True), (variance + EPSILON).sqrt()
