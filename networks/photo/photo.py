"""PhotoNet and everything below it: an auto-encoder whose skip links and transforms are optional.

The encoder's features of content and style meet in a decoder (An et al. 2020): aggregation at the
bottleneck (BFA), instance-normalised skip links (INSL), style transforms in both. What a genotype
leaves out is not in the module, so not in the graph.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers import Conv2d
from ..normalisation import InstanceNorm
from ..spec import Spec, register
from ..transfers import TRANSFERS, Statistics, Transfer, blended
from ..width import Concatenation, Width
from .encoder import VggEncoder, vgg_channels
from .genotype import LEVELS, Genotype


def photo_spec(
    genotype: Genotype, size: int = 512, stages: tuple[int, ...] = (16, 32, 64, 128, 128)
) -> Spec:
    """The network of a genotype.

    Args:
        size: side of the square that it is priced and converted at; it takes any sides.
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
    return Spec("photo", size, widths, genotype.on)


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
        self.level = level
        self.transfers = f"stage{level}/transfer" in genotype
        self.links = f"skip{level}/concat" in genotype
        self.skip_transfers = f"skip{level}/transfer" in genotype
        self.skip_norm = InstanceNorm(skip) if f"skip{level}/norm" in genotype else None

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
        self.smooth = None
        if f"stage{level}/smooth" in genotype:
            self.smooth = Conv2d(inside, width("smooth"), 3, bias=True)
            inside = width("smooth")
        self.out_width = inside

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """Features in, and what skips after its transform → features for the next level."""
        if self.links:
            skip = skip if self.skip_norm is None else self.skip_norm(skip)
            x = torch.cat((x, skip), 1)
        if self.level == 1:  # the picture: no activation
            return self.convolutions["join"](x)
        for convolution in self.convolutions.values():
            x = F.relu(convolution(x))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        return x if self.smooth is None else F.relu(self.smooth(x))


@register("photo")
class PhotoNetwork(nn.Module):
    """[B, 3, H, W] of -1..1 in the colours of another picture; sides are multiples of 16.

    Attributes:
        transfer: the style transform; any of `TRANSFERS` fits, none has weights.
    """

    def __init__(self, spec: Spec, transfer: str = "wct"):
        super().__init__()
        self.spec, self.genotype = spec, Genotype(spec.blocks)
        self.transfer: Transfer = TRANSFERS[transfer]()
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})
        self.encoder = VggEncoder(self.widths)
        features = {level: self.widths[f"conv{level}1"] for level in range(1, 6)}
        self.aggregated = [level for level in LEVELS if f"aggregate/relu{level}_1" in self.genotype]
        parts = [features[5], *(features[level] for level in self.aggregated)]
        self.norms = nn.ModuleDict({str(n): InstanceNorm(features[n]) for n in self.aggregated})
        inside = self.widths["bottleneck"]
        self.aggregate = Conv2d(Concatenation(parts), inside, 1, bias=True)
        self.stages = nn.ModuleList()
        for level in (5, *LEVELS):
            skip = None if level == 5 else features[level]
            stage = Stage(level, self.genotype, inside, skip, self.widths)
            self.stages.append(stage)
            inside = stage.out_width

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
        if "bottleneck/transfer" in self.genotype:
            x = transfer(x)
        skips = {
            stage.level: transfer(maps[stage.level]) if stage.skip_transfers else maps[stage.level]
            for stage in self.stages[1:]
        }
        parts = [x]
        for level in self.aggregated:
            normed = self.norms[str(level)](skips[level])
            parts.append(F.max_pool2d(normed, 2 ** (5 - level)))
        x = self.aggregate(torch.cat(parts, 1))
        for stage in self.stages:
            if stage.transfers:
                x = transfer(x)
            x = stage(x, skips.get(stage.level))
        return x
