"""ArtNet (An et al. 2020): a classifier's trunk, a style transform, and the trunk inverted.

The features of all of the trunk's maps are brought to the last one's size and changed together;
the decoder makes a picture of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import UsageError
from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..photo.encoder import FULL, vgg_channels
from ..spec import Spec, register
from ..transfers import TRANSFERS, LinearWct, Statistics, Transfer, blended
from ..width import Concatenation, Width
from .googlenet import GoogLeNet, googlenet_channels
from .mobilenet import MobileNet, mobilenet_channels
from .squeezenet import SqueezeNet, squeezenet_channels
from .trunk import Trunk
from .vgg import VggTrunk

TRUNKS = ("googlenet", "googlenet-bn", "mobilenet", "squeezenet", "vgg")
LEAST = 16  # channels in front of the picture
AGGREGATE, LINEAR = "aggregate", "linear-wct"
ART_TRANSFERS = (*TRANSFERS, LINEAR)

Parts = Iterator[tuple[str, Iterator[Kernel]]]


def art_spec(
    trunk: str,
    maps: int = 3,
    size: Size = 256,
    *,
    aggregate: bool = True,
    transfer: str = "adain",
    stages: tuple[int, ...] = FULL,
) -> Spec:
    """The network on a trunk.

    Args:
        trunk: one of `TRUNKS`.
        maps: how many of the trunk's maps there are: 2 to 4 (a VGG's 2 to 5, since its first one
            has the picture's size).
        size: of the frame that it is priced and converted at; it takes any sides.
        aggregate: change all maps together instead of the last alone.
        transfer: one of `ART_TRANSFERS`.
        stages: of a VGG: channels of its stages.

    Raises:
        UsageError: no such trunk or transform, or not so many maps.
    """
    for what, name, known in (("trunk", trunk, TRUNKS), ("transform", transfer, ART_TRANSFERS)):
        if name not in known:
            raise UsageError(f"no {what} {name!r}; known: {', '.join(known)}")
    most = 5 if trunk == "vgg" else 4
    if not 2 <= maps <= most:
        raise UsageError(f"a trunk of {maps} maps: {trunk} has 2 to {most}")
    if trunk == "vgg":
        widths, features = vgg_channels(stages[:maps]), stages[:maps]
    elif trunk == "mobilenet":
        widths, features = mobilenet_channels(maps), (16, 24, 32, 96)[:maps]
    elif trunk == "squeezenet":
        widths, features = squeezenet_channels(maps), (64, 128, 256, 512)[:maps]
    else:
        widths, features = googlenet_channels(maps), (64, 192, 480, 832)[:maps]
    outs = decoder_channels(features, finest=1 if trunk == "vgg" else 2)
    widths |= {f"decode{level}{layer}": c for level, c in outs.items() for layer in "ab"}
    del widths["decode1b"]
    blocks = [f"map{level}" for level in range(1, maps + 1)]
    blocks += [AGGREGATE, transfer] if aggregate else [transfer]
    return Spec(f"art-{trunk}", *frame_of(size), widths, tuple(blocks))


def decoder_channels(features: tuple[int, ...], finest: int) -> dict[int, int]:
    """What each doubling of the decoder leaves, by its number; 1 is the last.

    Args:
        features: channels of the trunk's maps, from the finest.
        finest: the first map's stride.
    """
    finer = features[:-1] if finest == 1 else (max(LEAST, features[0] // 2), *features[:-1])
    return dict(enumerate(finer, start=1))


class ArtNetwork(nn.Module):
    """[B, 3, H, W] of -1..1 in the manner of another picture; sides are multiples of the stride.

    Attributes:
        transfer: the style transform, the last of the spec's blocks; any of `TRANSFERS` may take
            its place.
    """

    fit = "stretch"  # see `build`

    def __init__(self, spec: Spec):
        super().__init__()
        self.spec = spec
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})
        maps = sum(block.startswith("map") for block in spec.blocks)
        self.encoder = self._trunk(maps)
        self.multiple = self.encoder.strides[-1]
        features = self.encoder.features
        self.aggregates = AGGREGATE in spec.blocks
        self.features = Concatenation(features if self.aggregates else features[-1:])
        name = spec.blocks[-1]
        learned = name == LINEAR
        self.transfer: Transfer = LinearWct(self.features) if learned else TRANSFERS[name]()
        self.decoder = nn.ModuleDict()
        levels = maps if self.encoder.strides[0] > 1 else maps - 1
        inside: Width | Concatenation = self.features
        for level in range(levels, 0, -1):
            out = self.widths[f"decode{level}a"]
            self.decoder[f"{level}a"] = Conv2d(inside, out, 3, bias=True)
            inside = out
            if level > 1:
                inside = self.widths[f"decode{level}b"]
                self.decoder[f"{level}b"] = Conv2d(out, inside, 3, bias=True)
        self.levels = range(levels, 0, -1)
        self.to_rgb = Conv2d(inside, Width("output", 3), 3, bias=True)

    def _trunk(self, maps: int) -> Trunk | VggTrunk:
        raise NotImplementedError

    def forward(self, content: Tensor, style: Tensor | None = None, alpha: float = 1.0) -> Tensor:
        """Content in the manner of a style of any sides, not clipped; without one as it is."""
        if style is None:
            return self.reconstruct(content)
        return self.stylize(content, self.encode_style(style), alpha)

    def encode_style(self, style: Tensor) -> list[Statistics]:
        """All that is kept of a style."""
        return [self.transfer.statistics(self.encode(style))]

    def stylize(self, content: Tensor, style: list[Statistics], alpha: float = 1.0) -> Tensor:
        """Content in the manner of what `encode_style` gave."""
        x = self.encode(content)
        (statistics,) = style
        return self.decode(blended(self.transfer(x, *statistics), x, alpha))

    def reconstruct(self, x: Tensor) -> Tensor:
        """The auto-encoder alone, as its decoder is trained."""
        return self.decode(self.encode(x))

    def encode(self, picture: Tensor) -> Tensor:
        """The features that a style changes, [B, C, H / stride, W / stride]."""
        return self.joined(self.encoder(picture))

    def joined(self, maps: list[Tensor]) -> Tensor:
        """The trunk's maps as the features that a style changes."""
        if self.aggregates:
            last = self.encoder.strides[-1]
            shrunk = [
                x if stride == last else F.avg_pool2d(x, last // stride)
                for x, stride in zip(maps, self.encoder.strides, strict=True)
            ]
            x = torch.cat(shrunk, 1)
        else:
            x = maps[-1]
        mask = self.features.mask
        return x if mask is None else x * mask[:, None, None]

    def decode(self, x: Tensor) -> Tensor:
        """Features → a picture."""
        for level in self.levels:
            x = F.relu(self.decoder[f"{level}a"](x))
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            if level > 1:
                x = F.relu(self.decoder[f"{level}b"](x))
        return self.to_rgb(x)

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        """Each part of `stylize`: its name and its kernels for an input of h×w, in order."""
        h, w = h or self.spec.height, w or self.spec.width
        trunk = list(self.encoder.kernels(h, w))
        if self.aggregates and trunk[-1].op == "CONCATENATION":
            trunk.pop()  # of branches that are concatenated with other maps right away
        yield "trunk", iter(trunk)
        last = self.encoder.strides[-1]
        if self.aggregates:
            yield "aggregate", self._aggregate_kernels(h // last, w // last)
        yield "transfer", self.transfer.kernels(self.features.count, h // last, w // last)
        yield "decoder", self._decoder_kernels(h // last, w // last)

    def kernels(self, h: int | None = None, w: int | None = None) -> Iterator[Kernel]:
        """Operators of the converted `stylize` for an input of h×w (the spec's by default), C4."""
        for _, kernels in self.parts(h, w):
            yield from kernels

    def _aggregate_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        *finer, last = self.encoder.strides
        for width, stride in zip(self.encoder.features, finer, strict=False):
            k = last // stride
            yield Kernel("AVERAGE_POOL_2D", width.count, width.count, k, k, 1, h, w)
        c = self.features.count
        yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)

    def _decoder_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        for level in self.levels:
            first = self.decoder[f"{level}a"]
            yield from first.kernels(h, w)
            h, w = 2 * h, 2 * w
            c = first.out_width.count
            yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, h, w)
            if level > 1:
                yield from self.decoder[f"{level}b"].kernels(h, w)
        yield from self.to_rgb.kernels(h, w)


@register("art-googlenet")
class ArtGoogLeNet(ArtNetwork):
    """On GoogLeNet as published by BVLC."""

    published = True

    def _trunk(self, maps: int) -> GoogLeNet:
        return GoogLeNet(self.widths, maps, published=self.published)


@register("art-googlenet-bn")
class ArtGoogLeNetBn(ArtGoogLeNet):
    """On GoogLeNet with batch norms."""

    published = False


@register("art-mobilenet")
class ArtMobileNet(ArtNetwork):
    """On MobileNetV2."""

    def _trunk(self, maps: int) -> MobileNet:
        return MobileNet(self.widths, maps)


@register("art-squeezenet")
class ArtSqueezeNet(ArtNetwork):
    """On SqueezeNet 1.1."""

    def _trunk(self, maps: int) -> SqueezeNet:
        return SqueezeNet(self.widths, maps)


@register("art-vgg")
class ArtVgg(ArtNetwork):
    """On VGG-19 of any width."""

    def _trunk(self, maps: int) -> VggTrunk:
        return VggTrunk(self.widths)
