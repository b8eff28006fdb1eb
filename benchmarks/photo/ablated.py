"""PhotoNets with one thing less or otherwise: the variants of the paper's figures 2 to 7.

Each begins with PhotoNet's weights, where they have a place, and trains its decoder for as many
steps as the others, the whole PhotoNet included.
"""

from __future__ import annotations

import torch
from pocketstyle.networks import Genotype, PhotoNetwork
from pocketstyle.networks.photo import PHOTONET, inherit
from pocketstyle.networks.photo.encoder import STAGES, VggEncoder
from pocketstyle.networks.photo.photo import Stage
from pocketstyle.networks.transfers import AdaIn
from pocketstyle.search import Config
from pocketstyle.search.judge import candidate, trained
from torch import Tensor
from torch.nn import functional as F


def without(*endings: str) -> Genotype:
    """PhotoNet less the operators whose names end, or begin, so."""
    return Genotype.of(
        bit for bit in PHOTONET.on if not bit.endswith(endings) and not bit.startswith(endings)
    )


class SumStage(Stage):
    """Adds what skips: the half of the weights that read it reads nothing."""

    def joined(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat((x + skip, torch.zeros_like(skip)), 1)


class PlacesEncoder(VggEncoder):
    """Remembers where each maximum was."""

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps, self.places = self.conv0(x), [], []
        for stage in STAGES:
            if maps:
                x, where = F.max_pool2d(x, 2, return_indices=True)
                self.places.append(where)
            for name in stage:
                x = F.relu(getattr(self, f"conv{name}")(x))
                if name == stage[0]:
                    maps.append(x)
        return maps


class UnpoolStage(Stage):
    """Puts values back where the maxima were, instead of repeating them."""

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        if self.links:
            x = self.joined(x, skip)
        if self.level == 1:
            return self.convolutions["join"](x)
        for convolution in self.convolutions.values():
            x = F.relu(convolution(x))
        x = F.max_unpool2d(x, self.places()[self.level - 2], 2)
        return F.relu(self.smooth(x))


def summed(network: PhotoNetwork) -> None:
    for stage in network.stages:
        stage.__class__ = SumStage


def unpooled(network: PhotoNetwork) -> None:
    network.encoder.__class__ = PlacesEncoder
    for stage in network.stages:
        stage.__class__ = UnpoolStage
        stage.places = lambda: network.encoder.places


def with_adain(network: PhotoNetwork) -> None:
    network.transfer = AdaIn()


def as_it_is(network: PhotoNetwork) -> None:
    """No change but the genotype's."""


VARIANTS = {
    "PhotoNet": (PHOTONET, as_it_is),
    "BFA off": (without("aggregate"), as_it_is),
    "skips without norm (short circuit)": (without("/norm"), as_it_is),
    "skips off": (without("skip"), as_it_is),
    "transform at the bottleneck alone": (
        Genotype.of({*without("/transfer").on, "bottleneck/transfer"}),
        as_it_is,
    ),
    "transforms in the decoder alone": (
        Genotype.of({*PHOTONET.on} - {f"skip{level}/transfer" for level in range(1, 5)}),
        as_it_is,
    ),
    "sum instead of concatenation": (PHOTONET, summed),
    "unpooling instead of doubling": (PHOTONET, unpooled),
    "AdaIN instead of WCT": (PHOTONET, with_adain),
}


def variants(oracle: PhotoNetwork, config: Config, batches, steps: int) -> dict[str, PhotoNetwork]:
    """All of them, trained alike."""
    return {
        name: _variant(genotype, change, oracle, config, batches, steps)
        for name, (genotype, change) in VARIANTS.items()
    }


def _variant(genotype, change, oracle, config: Config, batches, steps: int) -> PhotoNetwork:
    torch.manual_seed(config.train.seed)
    network = candidate(genotype, oracle, config.data.size)
    inherit(network, oracle)
    change(network)
    return trained(network, config, batches, steps, torch.device("cpu"))[0].eval()
