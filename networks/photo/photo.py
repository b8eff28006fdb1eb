"""PhotoNet and everything below it: an auto-encoder whose skip links and transforms are optional.

The encoder's features of content and style meet in a decoder (An et al. 2020): aggregation at the
bottleneck (BFA), instance-normalised skip links (INSL), style transforms in both. What a genotype
leaves out is not in the module, so not in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import InstanceNorm
from ..spec import Spec, register
from ..transfers import TRANSFERS, Statistics, Transfer, blended
from ..width import Concatenation, Width
from .encoder import VggEncoder, vgg_channels
from .genotype import LEVELS, Genotype


def photo_spec(
    genotype: Genotype, size: Size = 512, stages: tuple[int, ...] = (16, 32, 64, 128, 128)
) -> Spec:
    """The network of a genotype.

    Args:
        size: of the frame that it is priced and converted at; it takes any sides.
        stages: channels of the encoder's stages; the decoder's follow.
    """
    widths = vgg_channels(stages)
    c = dict(zip(range(1, 6), stages, strict=True))
    widths["bottleneck"] = c[5]
    for bit in ("stage5/conv", "stage5/smooth"):
        if bit in genotype:
            widths[bit.replace("/", "_")] = c[5]
    for level in LEVELS[:-1]:
        out = c[level - 1]
        if level >= 3:
            widths[f"stage{level}_join"] = c[level]
            if f"stage{level}/conv" in genotype:
                widths[f"stage{level}_conv"] = c[level]
            widths[f"stage{level}_reduce"] = out
        else:
            widths[f"stage{level}_join"] = out
        if f"stage{level}/smooth" in genotype:
            widths[f"stage{level}_smooth"] = out
    return Spec("photo", *frame_of(size), widths, genotype.on)


Parts = Iterator[tuple[str, Iterator[Kernel]]]


class SkipNorm(InstanceNorm):
    """Of what skips or is aggregated, behind its transform (INSL)."""


class Stage(nn.Module):
    """One level of the decoder: transform, skip link, convolutions, doubling.

    Args:
        level: 5 at the bottleneck, 1 at the picture.
        inside: the width of what comes in.
        skip: the width of the encoder's features of this level; None at the bottleneck.
    """

    def __init__(
        self,
        level: int,
        genotype: Genotype,
        inside: Width,
        skip: Width | None,
        widths: nn.ModuleDict,
    ):
        super().__init__()
        self.level, self.in_width = level, inside
        self.transfers = f"stage{level}/transfer" in genotype
        self.links = f"skip{level}/concat" in genotype
        self.skip_transfers = f"skip{level}/transfer" in genotype

        def width(what: str) -> Width:
            return widths[f"stage{level}_{what}"]

        self.convolutions = nn.ModuleDict()
        if level < 5:
            joined = Concatenation((inside, skip)) if self.links else inside
            out = width("join") if level > 1 else Width("output", 3)
            self.convolutions["join"] = Conv2d(joined, out, 3, bias=True)
            inside = out
        if f"stage{level}/conv" in genotype:
            self.convolutions["conv"] = Conv2d(inside, width("conv"), 3, bias=True)
            inside = width("conv")
        if level in (4, 3):
            k = 3 if f"stage{level}/reduce" in genotype else 1
            self.convolutions["reduce"] = Conv2d(inside, width("reduce"), k, bias=True)
            inside = width("reduce")
        self.doubled, self.smooth = inside, None
        if f"stage{level}/smooth" in genotype:
            self.smooth = Conv2d(inside, width("smooth"), 3, bias=True)
            inside = width("smooth")
        self.out_width = inside

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """Features in, and what skips, transformed and normed → features for the next level."""
        if self.links:
            x = self.joined(x, skip)
        if self.level == 1:  # the picture: no activation
            return self.convolutions["join"](x)
        for convolution in self.convolutions.values():
            x = F.relu(convolution(x))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        return x if self.smooth is None else F.relu(self.smooth(x))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for features of h×w."""
        convolutions = list(self.convolutions.values())
        if self.links:
            c = convolutions[0].in_width.count
            yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)
        for convolution in convolutions:
            yield from convolution.kernels(h, w)
        if self.level > 1:
            c = self.doubled.count
            yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, 2 * h, 2 * w)
        if self.smooth is not None:
            yield from self.smooth.kernels(2 * h, 2 * w)

    def joined(self, x: Tensor, skip: Tensor) -> Tensor:
        """The decoder's features and what skips, in one map."""
        return torch.cat((x, skip), 1)


@register("photo")
class PhotoNetwork(nn.Module):
    """[B, 3, H, W] of -1..1 in the colours of another picture; sides are multiples of 16.

    Attributes:
        transfer: the style transform; any of `TRANSFERS` fits, none has weights.
    """

    multiple, fit = 16, "detail"  # see `build`

    def __init__(self, spec: Spec, transfer: str = "wct"):
        super().__init__()
        self.spec, self.genotype = spec, Genotype(spec.blocks)
        self.transfer: Transfer = TRANSFERS[transfer]()
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})
        self.encoder = VggEncoder(self.widths)
        # not a module's attribute, since the widths are others' already
        self.features = features = {n: self.widths[f"conv{n}1"] for n in range(1, 6)}
        self.transfers = "bottleneck/transfer" in self.genotype
        self.aggregated = [level for level in LEVELS if f"aggregate/relu{level}_1" in self.genotype]
        parts = [features[5], *(features[level] for level in self.aggregated)]
        self.normed = [n for n in LEVELS if f"skip{n}/norm" in self.genotype]
        self.norms = nn.ModuleDict(
            {str(n): SkipNorm(features[n]) for n in LEVELS if n in {*self.aggregated, *self.normed}}
        )
        inside = self.widths["bottleneck"]
        self.aggregate = Conv2d(Concatenation(parts), inside, 1, bias=True)
        self.stages = nn.ModuleList()
        for level in (5, *LEVELS):
            skip = None if level == 5 else features[level]
            stage = Stage(level, self.genotype, inside, skip, self.widths)
            self.stages.append(stage)
            inside = stage.out_width

    @property
    def encoder_stages(self) -> tuple[int, ...]:
        """Channels of the encoder's stages, as `photo_spec` takes them."""
        return tuple(width.channels for width in self.features.values())

    def forward(self, content: Tensor, style: Tensor | None = None, alpha: float = 1.0) -> Tensor:
        """Content in the manner of a style of any sides, not clipped; without one as it is."""
        if style is None:
            return self.reconstruct(content)
        return self.stylize(content, self.encode_style(style), alpha)

    def encode_style(self, style: Tensor) -> list[Statistics]:
        """All that is kept of a style, in the order in which `stylize` meets its transforms.

        The style's own features run through the decoder untouched.
        """
        found: list[Statistics] = []

        def note(x: Tensor) -> Tensor:
            found.append(self.transfer.statistics(x))
            return x

        self._run(style, note)
        return found

    def stylize(self, content: Tensor, style: list[Statistics], alpha: float = 1.0) -> Tensor:
        """Content in the manner of what `encode_style` gave."""
        statistics = iter(style)

        def transfer(x: Tensor) -> Tensor:
            return blended(self.transfer(x, *next(statistics)), x, alpha)

        return self._run(content, transfer)

    def reconstruct(self, x: Tensor) -> Tensor:
        """The auto-encoder alone, as its decoder is trained: without any transform."""
        return self._run(x, lambda features: features)

    def _run(self, picture: Tensor, transfer) -> Tensor:
        """Encoder and decoder; `transfer` is called on every feature that a style changes."""
        maps = dict(zip(range(1, 6), self.encoder(picture), strict=True))
        x = maps[5]
        if self.transfers:
            x = transfer(masked(x, self.features[5]))
        skips = {level: maps[level] for level in LEVELS}
        for stage in self.stages[1:]:
            if stage.skip_transfers:
                level = stage.level
                skips[level] = transfer(masked(maps[level], self.features[level]))
        normed = {int(level): norm(skips[int(level)]) for level, norm in self.norms.items()}
        pooled = [F.max_pool2d(normed[level], 2 ** (5 - level)) for level in self.aggregated]
        x = self.aggregate(torch.cat([x, *pooled], 1))
        skips |= {level: normed[level] for level in self.normed}
        for stage in self.stages:
            if stage.transfers:
                x = transfer(masked(x, stage.in_width))
            x = stage(x, skips.get(stage.level))
        return x

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        """Each part of `stylize`: its name and its kernels for an input of h×w, in order."""
        h, w = h or self.spec.height, w or self.spec.width
        sides = {level: (h >> (level - 1), w >> (level - 1)) for level in range(1, 6)}

        def transfer(name: str, width: Width, level: int) -> tuple[str, Iterator[Kernel]]:
            return name, self.transfer.kernels(width.count, *sides[level])

        yield "encoder", self.encoder.kernels(h, w)
        if self.transfers:
            yield transfer("bottleneck/transfer", self.features[5], 5)
        for stage in self.stages[1:]:
            if stage.skip_transfers:
                name = f"skip{stage.level}/transfer"
                yield transfer(name, self.features[stage.level], stage.level)
        for level, norm in self.norms.items():
            yield f"norm{level}", norm.kernels(*sides[int(level)])
        yield "aggregate", self._aggregate_kernels(sides)
        for stage in self.stages:
            if stage.transfers:
                yield transfer(f"stage{stage.level}/transfer", stage.in_width, stage.level)
            yield f"stage{stage.level}", stage.kernels(*sides[stage.level])

    def kernels(self, h: int | None = None, w: int | None = None) -> Iterator[Kernel]:
        """Operators of the converted `stylize` for an input of h×w (the spec's by default), C4."""
        for _, kernels in self.parts(h, w):
            yield from kernels

    def _aggregate_kernels(self, sides: dict[int, tuple[int, int]]) -> Iterator[Kernel]:
        h, w = sides[5]
        for level in self.aggregated:
            c, k = self.features[level].count, 2 ** (5 - level)
            yield Kernel("MAX_POOL_2D", c, c, k, k, 1, h, w)
        if self.aggregated:
            c = self.aggregate.in_width.count
            yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)
        yield from self.aggregate.kernels(h, w)


def masked(x: Tensor, width: Width) -> Tensor:
    """Without the channels that a search switches off: a transform mixes all that there are."""
    return x if width.mask is None else x * width.mask[:, None, None]
