"""UGATIT's generator in its light form (Kim et al. 2020), built on Widths and Gates.

At 64 base channels and 256x256 it has 10.59 M parameters and 52.50 GMACs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import (
    AdaptiveLayerInstanceNorm,
    InstanceNorm,
    LayerInstanceNorm,
    spatial_mean,
    spatial_mean_kernels,
)
from ..spec import Spec, register
from ..width import Concatenation, Gate, Width


def ugatit_spec(size: int = 256, base: int = 64, blocks: int = 4) -> Spec:
    """The published architecture, scaled: `base` channels in the stem, `blocks` on each side."""
    encoder = [f"encoder{i}" for i in range(blocks)]
    widths = {"stem": base, "down": 2 * base, "trunk": 4 * base}
    widths |= {name: 4 * base for name in encoder}
    widths |= {"decoder": 4 * base, "mlp1": 4 * base, "mlp2": 4 * base}
    widths |= {"up1": 2 * base, "up2": base}
    return Spec("ugatit", size, widths, (*encoder, *(f"decoder{i}" for i in range(blocks))))


@register("ugatit")
class UgatitGenerator(nn.Module):
    """[B, 3, size, size] in [-1, 1] → the same.

    The encoder's trunk is one Width and the decoder's another; the decoder blocks' hidden maps
    share the latter, because AdaLIN multiplies both of a block's maps by the same gamma.
    """

    features: ClassVar[dict[str, str]] = {
        "down": "trunk",
        "encoded": "trunk",
        "decoded": "decoder",
        "up1": "up1",
        "up2": "up2",
    }
    """The maps of `forward_with_features`, each with the name of its Width."""

    def __init__(self, spec: Spec):
        super().__init__()
        decoder = [name for name in spec.blocks if name.startswith("decoder")]
        self.spec = spec
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})
        w, rgb_in, rgb_out = self.widths, Width("input", 3), Width("output", 3)
        self.stem = Convolved(rgb_in, w["stem"], 7)
        self.down1 = Convolved(w["stem"], w["down"], 3, stride=2)
        self.down2 = Convolved(w["down"], w["trunk"], 3, stride=2)
        self.encoder = nn.ModuleDict(
            {n: EncoderBlock(w["trunk"], w[n]) for n in spec.blocks if n.startswith("encoder")}
        )
        self.cam = ClassActivationAttention(w["trunk"], w["decoder"])
        self.modulation = Modulation(w["decoder"], w["mlp1"], w["mlp2"])
        self.decoder = nn.ModuleDict({n: DecoderBlock(w["decoder"]) for n in decoder})
        self.up1 = Upsampled(w["decoder"], w["up1"])
        self.up2 = Upsampled(w["up1"], w["up2"])
        self.to_rgb = Conv2d(w["up2"], rgb_out, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def encode(self, x: Tensor) -> Tensor:
        """Picture → trunk features [B, trunk, H/4, W/4], the ones that the CAM looks at."""
        return self._encoder_blocks(self.down2(self.down1(self.stem(x))))

    def decode(self, features: Tensor) -> Tensor:
        """Trunk features → picture."""
        x = self._decoder_blocks(self.cam(features))
        return torch.tanh(self.to_rgb(self.up2(self.up1(x))))

    def _encoder_blocks(self, x: Tensor) -> Tensor:
        for block in self.encoder.values():
            x = block(x)
        return x

    def _decoder_blocks(self, x: Tensor) -> Tensor:
        gamma, beta = self.modulation(x)
        for block in self.decoder.values():
            x = block(x, gamma, beta)
        return x

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Picture and the maps that a student can be taught, by stage (`features`)."""
        made = {"down": self.down2(self.down1(self.stem(x)))}
        made["encoded"] = self._encoder_blocks(made["down"])
        made["decoded"] = self._decoder_blocks(self.cam(made["encoded"]))
        made["up1"] = self.up1(made["decoded"])
        made["up2"] = self.up2(made["up1"])
        return torch.tanh(self.to_rgb(made["up2"])), made

    def forward_with_logit(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Picture and the CAM classifier's logits [B, 2] (average- and max-pooled)."""
        features = self.encode(x)
        return self.decode(features), self.cam.logit(features)

    def kernels(self, h: int | None = None, w: int | None = None) -> Iterator[Kernel]:
        """The converted graph's operators for an input of h×w (the spec's size by default), C4."""
        for _, kernels in self.parts(h, w):
            yield from kernels

    def parts(
        self, h: int | None = None, w: int | None = None
    ) -> Iterator[tuple[str, Iterator[Kernel]]]:
        """The same by part of the network: its name and its kernels, in the order of `kernels`."""
        h, w = h or self.spec.size, w or self.spec.size
        small = h // 4, w // 4
        yield "stem", self.stem.kernels(h, w)
        yield "down1", self.down1.kernels(h, w)
        yield "down2", self.down2.kernels(h // 2, w // 2)
        for name, block in self.encoder.items():
            yield name, block.kernels(*small)
        yield "cam", self.cam.kernels(*small)
        yield "modulation", self.modulation.kernels(*small)
        for name, block in self.decoder.items():
            yield name, block.kernels(*small)
        yield "up1", self.up1.kernels(*small)
        yield "up2", self.up2.kernels(h // 2, w // 2)
        yield "to_rgb", chain(self.to_rgb.kernels(h, w), [Kernel("TANH", 3, 3, 1, 1, 1, h, w)])


class Convolved(nn.Module):
    """Convolution, instance norm, ReLU."""

    def __init__(self, in_width: Width, out_width: Width, k: int, stride: int = 1):
        super().__init__()
        self.conv, self.norm = Conv2d(in_width, out_width, k, stride), InstanceNorm(out_width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.conv.kernels(h, w)
        yield from self.norm.kernels(h // self.conv.stride, w // self.conv.stride)


class EncoderBlock(nn.Module):
    """Residual block with instance norm; its gate multiplies the last norm's scale."""

    def __init__(self, trunk: Width, hidden: Width):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = Conv2d(trunk, hidden, 3), InstanceNorm(hidden)
        self.conv2, self.norm2 = Conv2d(hidden, trunk, 3), InstanceNorm(trunk)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(y), gate=self.gate.open)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        for layer in (self.conv1, self.norm1, self.conv2, self.norm2):
            yield from layer.kernels(h, w, self.gate.open)
        yield _residual_add(self.norm2.out_width, h, w, self.gate)


class DecoderBlock(nn.Module):
    """Residual block with AdaLIN; both norms share gamma and beta, no ReLU at the end."""

    def __init__(self, width: Width):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = Conv2d(width, width, 3), AdaptiveLayerInstanceNorm(width)
        self.conv2, self.norm2 = Conv2d(width, width, 3), AdaptiveLayerInstanceNorm(width)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x), gamma, beta))
        return x + self.norm2(self.conv2(y), gamma, beta, gate=self.gate.open)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        for layer in (self.conv1, self.norm1, self.conv2, self.norm2):
            yield from layer.kernels(h, w, self.gate.open)
        yield _residual_add(self.norm2.out_width, h, w, self.gate)


class ClassActivationAttention(nn.Module):
    """CAM attention (eq. 1): features weighted by two domain classifiers, mixed by a 1x1."""

    def __init__(self, trunk: Width, decoder: Width):
        super().__init__()
        logit = Width("logit", 1)
        self.average, self.maximum = Conv2d(trunk, logit, 1), Conv2d(trunk, logit, 1)
        self.mix = Conv2d(Concatenation((trunk, trunk)), decoder, 1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        # the classifiers' weights [1, C, 1, 1] broadcast over the map
        attended = torch.cat((x * self.average.weight, x * self.maximum.weight), 1)
        return F.relu(self.mix(attended))

    def logit(self, x: Tensor) -> Tensor:
        """Domain logits [B, 2]; positive for the source domain."""
        average = self.average(x.mean((2, 3), keepdim=True))
        maximum = self.maximum(x.amax((2, 3), keepdim=True))
        return torch.cat((average, maximum), 1).flatten(1)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        trunk = self.average.in_width.count
        for _ in range(2):
            yield Kernel("MUL", trunk, trunk, 1, 1, 1, h, w)
        yield Kernel("CONCATENATION", 2 * trunk, 2 * trunk, 1, 1, 1, h, w)
        yield from self.mix.kernels(h, w)


class Modulation(nn.Module):
    """The light form's MLP: average-pooled decoder features → gamma and beta, [B, decoder, 1, 1].

    Its matrix products are 1x1 convolutions, so that the exported graph needs no reshapes.
    """

    def __init__(self, decoder: Width, hidden1: Width, hidden2: Width):
        super().__init__()
        self.fc1 = Conv2d(decoder, hidden1, 1)
        self.fc2 = Conv2d(hidden1, hidden2, 1)
        self.gamma, self.beta = Conv2d(hidden2, decoder, 1), Conv2d(hidden2, decoder, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pooled = spatial_mean(x)
        y = F.relu(self.fc2(F.relu(self.fc1(pooled))))
        return self.gamma(y), self.beta(y)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from spatial_mean_kernels(self.fc1.in_width.count, h, w)
        for layer in (self.fc1, self.fc2, self.gamma, self.beta):
            yield from layer.kernels(1, 1)


class Upsampled(nn.Module):
    """Nearest-neighbour doubling, 3x3 convolution, LIN, ReLU."""

    def __init__(self, in_width: Width, out_width: Width):
        super().__init__()
        self.conv, self.norm = Conv2d(in_width, out_width, 3), LayerInstanceNorm(out_width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        c = self.conv.in_width.count
        yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, 2 * h, 2 * w)
        yield from self.conv.kernels(2 * h, 2 * w)
        yield from self.norm.kernels(2 * h, 2 * w)


def _residual_add(trunk: Width, h: int, w: int, gate: Gate) -> Kernel:
    return Kernel("ADD", 2 * trunk.count, trunk.count, 1, 1, 1, h, w, gate.open)
