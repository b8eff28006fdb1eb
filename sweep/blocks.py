"""The building blocks of UGATIT's generator, one by one and at any size: what a sweep measures.

Only sizes that a network of ours can have are drawn: a block stands at a quarter, a half or all of
the picture's resolution, the pictures are 64 to 256 pixels wide, and the widths go from a pruned
student's to beyond half a teacher's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..latency_model.kernel import Kernel
from ..networks import Conv2d, Width, randomise_mixtures
from ..networks.portrait.blocks import Convolved, ResidualBlock, Upsampled
from ..networks.portrait.ugatit import ClassActivationAttention, DecoderBlock, Modulation

Sizes = dict[str, int]
"""A configuration: each width's channels by name, and `side`, that of the block's input map."""

RGB = 3
PICTURES = 64, 256  # side in pixels
NARROWEST = 4
WIDEST = {1: 64, 2: 128, 4: 160}  # channels, by the picture's side over the map's
ALIGNED = 4  # channels; runtimes lay maps out in such slices
ALIGNED_SHARE = 0.5  # of the widths drawn


@dataclass(frozen=True)
class Kind:
    """A kind of block.

    Attributes:
        name: as in a table's column `block`.
        build: a block from its widths, which it takes by name.
        widths: for each width its map's scale, that is its side over that of the block's input.
        places: where it stands in the network: the picture's side over that of the block's input.
        reads: the width of its input; "" where that is the picture.
        vectors: inputs [1, C, 1, 1] behind the map.
    """

    name: str
    build: Callable[..., nn.Module]
    widths: dict[str, float]
    places: tuple[int, ...]
    reads: str
    vectors: int = 0

    def module(self, sizes: Sizes) -> nn.Module:
        """The block, no tensor of it at a constant initial value that a converter could fold."""
        block = self.build(**{name: sizes[name] for name in self.widths})
        randomise_mixtures(block)
        return block.eval()

    def inputs(self, sizes: Sizes) -> tuple[Tensor, ...]:
        """Zeros in the file's layout: the map [1, side, side, C], then the vectors [1, 1, 1, C]."""
        c = sizes[self.reads] if self.reads else RGB
        vectors = (torch.zeros(1, 1, 1, c) for _ in range(self.vectors))
        return torch.zeros(1, sizes["side"], sizes["side"], c), *vectors

    def kernels(self, sizes: Sizes) -> tuple[Kernel, ...]:
        """The operators of the converted block, in order (C4)."""
        return tuple(self.module(sizes).kernels(sizes["side"], sizes["side"]))

    def sample(self, random: np.random.Generator) -> Sizes:
        """A random configuration.

        The picture's side and the widths are log-uniform, which makes the widths of pruned
        students the most frequent; half of the widths are rounded to a multiple of 4.
        """
        place = int(random.choice(self.places))
        picture = _log_uniform(random, *PICTURES)
        sizes = {
            name: _width(random, WIDEST[round(place / scale)])
            for name, scale in self.widths.items()
        }
        # pictures are multiples of 4, as UGATIT halves them twice
        return sizes | {"side": 4 * round(picture / 4) // place}


class Attended(nn.Module):
    """The modulation behind its attention; a lone one, whose input is no convolution's output,
    would be converted with a transpose in front of each mean."""

    def __init__(self, trunk: Width, decoder: Width, mlp1: Width, mlp2: Width):
        super().__init__()
        self.cam = ClassActivationAttention(trunk, decoder)
        self.modulation = Modulation(decoder, mlp1, mlp2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.modulation(self.cam(x))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.cam.kernels(h, w)
        yield from self.modulation.kernels(h, w)


class ToRgb(nn.Module):
    """The generator's last convolution and its tanh."""

    def __init__(self, cin: Width):
        super().__init__()
        self.conv = Conv2d(cin, Width("rgb", RGB), 7)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.conv(x))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.conv.kernels(h, w)
        yield Kernel("TANH", RGB, RGB, 1, 1, 1, h, w)


def _stem(cout: int) -> Convolved:
    return Convolved(Width("rgb", RGB), Width("cout", cout), 7)


def _down(cin: int, cout: int) -> Convolved:
    return Convolved(Width("cin", cin), Width("cout", cout), 3, stride=2)


def _up(cin: int, cout: int) -> Upsampled:
    return Upsampled(Width("cin", cin), Width("cout", cout))


def _of_widths(block: type[nn.Module]) -> Callable[..., nn.Module]:
    """A block whose parameters are Widths, as a function of their channels."""
    return lambda **channels: block(**{name: Width(name, n) for name, n in channels.items()})


TRUNK = {"trunk": 1, "decoder": 1}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("stem", _stem, {"cout": 1}, (1,), ""),
        Kind("down", _down, {"cin": 1, "cout": 1 / 2}, (1, 2), "cin"),
        Kind("encoder", _of_widths(ResidualBlock), {"trunk": 1, "hidden": 1}, (4,), "trunk"),
        Kind("cam", _of_widths(ClassActivationAttention), TRUNK, (4,), "trunk"),
        Kind("modulation", _of_widths(Attended), TRUNK | {"mlp1": 1, "mlp2": 1}, (4,), "trunk"),
        Kind("decoder", _of_widths(DecoderBlock), {"width": 1}, (4,), "width", vectors=2),
        Kind("up", _up, {"cin": 1, "cout": 2}, (4, 2), "cin"),
        Kind("to_rgb", _of_widths(ToRgb), {"cin": 1}, (1,), "cin"),
    )
}


def configuration(seed: int, index: int) -> tuple[Kind, Sizes]:
    """The index-th configuration of a sweep, a pure function; kinds take turns."""
    kind = list(KINDS.values())[index % len(KINDS)]
    return kind, kind.sample(np.random.default_rng((seed, index)))


def sizes_to_text(sizes: Sizes) -> str:
    """A table's column `configuration`: `cin=32 cout=48 side=64`."""
    return " ".join(f"{name}={size}" for name, size in sizes.items())


def _log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))


def _width(random: np.random.Generator, widest: int) -> int:
    channels = _log_uniform(random, NARROWEST, widest)
    step = ALIGNED if random.random() < ALIGNED_SHARE else 1
    return step * round(channels / step)
