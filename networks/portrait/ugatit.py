"""UGATIT's generator (Kim et al. 2020), light and full, built on Widths and Gates.

At 64 base channels and 256x256 the light form has 10.59 M parameters and 52.50 GMACs, the full one
278.96 M and 52.77 G.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import AdaptiveLayerInstanceNorm, spatial_mean, spatial_mean_kernels
from ..spec import Spec, register
from ..width import Axes, Concatenation, Gate, Width
from .blocks import ResidualBlock, Upsampled, residual_add
from .generator import Generator, Parts, to_rgb_kernels


def ugatit_spec(size: Size = 256, base: int = 64, blocks: int = 4) -> Spec:
    """The published light form, scaled: `base` channels in the stem, `blocks` on each side."""
    encoder = [f"encoder{i}" for i in range(blocks)]
    widths = {"stem": base, "down": 2 * base, "trunk": 4 * base}
    widths |= {name: 4 * base for name in encoder}
    widths |= {"decoder": 4 * base, "mlp1": 4 * base, "mlp2": 4 * base}
    widths |= {"up1": 2 * base, "up2": base}
    decoder = [f"decoder{i}" for i in range(blocks)]
    return Spec("ugatit", *frame_of(size), widths, (*encoder, *decoder))


def ugatit_full_spec(size: Size = 256, base: int = 64, blocks: int = 4) -> Spec:
    """The published full form, scaled likewise."""
    return replace(ugatit_spec(size, base, blocks), family="ugatit-full")


@register("ugatit")
class UgatitGenerator(Generator):
    """The light form: gamma and beta come from pooled features.

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

    def __init__(self, spec: Spec):
        super().__init__(spec)
        decoder = [name for name in spec.blocks if name.startswith("decoder")]
        w = self.widths
        self.encoder = nn.ModuleDict(
            {n: ResidualBlock(w["trunk"], w[n]) for n in spec.blocks if n.startswith("encoder")}
        )
        self.cam = ClassActivationAttention(w["trunk"], w["decoder"])
        self.modulation = self._modulation()
        self.decoder = nn.ModuleDict({n: DecoderBlock(w["decoder"]) for n in decoder})
        self.up1 = Upsampled(w["decoder"], w["up1"])
        self.up2 = Upsampled(w["up1"], w["up2"])
        self.to_rgb = Conv2d(w["up2"], Width("output", 3), 7)

    def _modulation(self) -> Modulation:
        w = self.widths
        return Modulation(w["decoder"], w["mlp1"], w["mlp2"])

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        made = {"down": self.down(x)}
        x = made["down"]
        for block in self.encoder.values():
            x = block(x)
        made["encoded"] = x
        x = self.cam(x)
        gamma, beta = self.modulation(x)
        for block in self.decoder.values():
            x = block(x, gamma, beta)
        made["decoded"] = x
        made["up1"] = self.up1(x)
        made["up2"] = self.up2(made["up1"])
        return made

    def forward_with_logit(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Picture and the CAM classifier's logits [B, 2] (average- and max-pooled)."""
        made = self.maps(x)
        return self.drawn(made), self.cam.logit(made["encoded"])

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        yield from self.down_parts(h, w)
        yield from self.trunk_parts(h // 4, w // 4)
        yield "to_rgb", to_rgb_kernels(self.to_rgb, h, w)

    def trunk_parts(self, h: int, w: int) -> Parts:
        """The parts from the first residual block to the second doubling, for a trunk of h×w."""
        for name, block in self.encoder.items():
            yield name, block.kernels(h, w)
        yield "cam", self.cam.kernels(h, w)
        yield "modulation", self.modulation.kernels(h, w)
        for name, block in self.decoder.items():
            yield name, block.kernels(h, w)
        yield "up1", self.up1.kernels(h, w)
        yield "up2", self.up2.kernels(2 * h, 2 * w)


@register("ugatit-full")
class FullUgatitGenerator(UgatitGenerator):
    """The full form: gamma and beta come from the whole map, which fixes the size of the input.

    Raises:
        UsageError: the frame is no square, which the published form has.
    """

    def _modulation(self) -> Modulation:
        w = self.widths
        return FullModulation(w["decoder"], w["mlp1"], w["mlp2"], self.spec.size // 4)


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
        yield residual_add(self.norm2.out_width, h, w, self.gate)


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
        y = F.relu(self.fc2(F.relu(self.fc1(self.pooled(x)))))
        return self.gamma(y), self.beta(y)

    def pooled(self, x: Tensor) -> Tensor:
        """What the first layer sees."""
        return spatial_mean(x)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from spatial_mean_kernels(self.fc1.in_width.count, h, w)
        for layer in (self.fc1, self.fc2, self.gamma, self.beta):
            yield from layer.kernels(1, 1)


class WholeMap(nn.Module):
    """A matrix product over a whole map, [B, Cin, S, S] → [B, Cout, 1, 1], as a convolution."""

    axes: ClassVar[Axes] = {"weight": ("out", "in")}

    def __init__(self, in_width: Width, out_width: Width, side: int):
        super().__init__()
        self.in_width, self.out_width, self.side = in_width, out_width, side
        shape = out_width.channels, in_width.channels, side, side
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)  # torch's default

    def forward(self, x: Tensor) -> Tensor:
        weight, mask = self.weight, self.in_width.mask
        if mask is not None:
            weight = weight * mask[:, None, None]
        return F.conv2d(x, weight)

    def kernels(self) -> Iterator[Kernel]:
        yield Kernel("CONV_2D", self.in_width.count, self.out_width.count, self.side, 1, 1, 1, 1)


class FullModulation(Modulation):
    """The full form's MLP, whose first layer looks at every pixel."""

    def __init__(self, decoder: Width, hidden1: Width, hidden2: Width, side: int):
        super().__init__(decoder, hidden1, hidden2)
        self.fc1 = WholeMap(decoder, hidden1, side)

    def pooled(self, x: Tensor) -> Tensor:
        return x

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.fc1.kernels()
        for layer in (self.fc2, self.gamma, self.beta):
            yield from layer.kernels(1, 1)
