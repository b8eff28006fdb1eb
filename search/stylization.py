"""The objective of an ArtNet's decoder that knows styles: content, statistics, and the way back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.art import LINEAR
from ..networks.transfers import SandwichSwap
from .config import Config
from .reconstruction import Reconstruction, Terms, feature_errors

TINY = 1e-8


class Stylization(Reconstruction):
    """What a picture in a style's manner should be (Huang and Belongie 2017, eq. 12 to 14).

    Its features are those that the transform made; its maps have the means and deviations of the
    style's. Errors are relative to the energy of what is wanted, since trunks differ in their
    scale. Beside them the content comes back where no style is given: edges stay sharp, and
    alpha 0 is the picture itself.

    Where the network mixes swapped features with others, its decoder learns from swapped ones
    alone: what it makes of the mixture then is sharper, and nearer to the style.

    A learned transform is free to make features of its own; there the picture keeps the content's
    normalised features instead.

    Attributes:
        kept: in a search, which channels of each Width a compact generator has; what pictures are
            judged by is the whole trunk as it was.
    """

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        super().__init__(generator, config, device)
        self.weights = config.train
        mixes = isinstance(generator.transfer, SandwichSwap)
        self.transfer = SandwichSwap(share=1.0) if mixes else generator.transfer
        self.learned = generator.spec.blocks[-1] == LINEAR
        self.parts = [(part.name, part.channels) for part in generator.features.parts]
        self.kept: dict[str, Tensor] = {}

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Of contents x and styles y."""
        network = self.generator
        given, style = network.encode(x), network.encode(y)  # a trunk learns in a search alone
        with torch.no_grad():
            styles = self.encoder(y)
        wanted = self.transfer.between(given, style)
        made, back = network.decode(wanted), network.decode(given)
        self.made = made.detach()
        maps = self.encoder(made)
        found = network.joined(maps)
        if self.kept:
            found = found[:, self._places()]
        content = (
            relative(normed(found), normed(given)) if self.learned else relative(found, wanted)
        )
        errors = [
            relative(one, other)
            for a, b in zip(maps, styles, strict=True)
            for one, other in zip(statistics(a), statistics(b), strict=True)
        ]
        picture = F.mse_loss(back.float(), x) / 4  # on 0..1
        return {
            "content": self.weights.content * content,
            "style": self.weights.style * sum(errors) / len(errors),
            "picture": 10 * picture,
            "features": feature_errors(self.encoder, back, x),
        }

    def _places(self) -> Tensor:
        """Of the whole trunk's features those that a compact generator has."""
        found, start = [], 0
        for name, channels in self.parts:
            found.append(start + self.kept[name])
            start += channels
        return torch.cat(found)

    def state(self) -> dict[str, Any]:
        return {"kept": self.kept}

    def load(self, state: dict[str, Any]) -> None:
        self.kept = state["kept"]


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every channel, [B, C] each."""
    x = x.float()
    return x.mean((2, 3)), (x.var((2, 3), correction=0) + TINY).sqrt()


def normed(x: Tensor) -> Tensor:
    mean, deviation = (t[..., None, None] for t in statistics(x))
    return (x - mean) / (deviation + 1e-3)


def relative(made: Tensor, wanted: Tensor) -> Tensor:
    """Squared error as a share of the energy of what is wanted."""
    wanted = wanted.detach().float()
    return F.mse_loss(made.float(), wanted) / (wanted.square().mean() + TINY)
