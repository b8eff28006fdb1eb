"""What a network can take over from PhotoNet, so that its decoder need not begin anew."""

from __future__ import annotations

import torch
from torch import Tensor

from .genotype import LEVELS
from .photo import PhotoNetwork


@torch.no_grad()
def inherit(network: PhotoNetwork, oracle: PhotoNetwork) -> None:
    """Take over the weights that have a place in both, of an oracle that has every operator.

    A convolution without its skip link takes the part that reads the decoder's own channels, one
    that became 1x1 the sum of its taps, the aggregation the channels of the features that are left.

    Args:
        network: of the same stages; changed in place.
    """
    given = oracle.state_dict()
    for name, value in network.state_dict().items():
        weight = given[name]
        if name == "aggregate.weight":
            weight = weight[:, _aggregated(network, oracle)]
        elif weight.ndim == 4:
            weight = weight[:, : value.shape[1]]
            if value.shape[2] == 1 and weight.shape[2] > 1:
                weight = weight.sum((2, 3), keepdim=True)
        value.copy_(weight)


def _aggregated(network: PhotoNetwork, oracle: PhotoNetwork) -> Tensor:
    """Of the oracle's aggregated channels those that the network has."""
    widths = oracle.widths
    kept, start = [], 0
    for level in (5, *LEVELS):
        channels = widths[f"conv{level}1"].channels
        if level == 5 or level in network.aggregated:
            kept.append(torch.arange(start, start + channels))
        start += channels
    return torch.cat(kept)
