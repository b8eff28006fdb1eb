"""What the channels of a network do on pictures: how high, how often, how varied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..importance import readers
from .passes import drawn


@dataclass
class ChannelStatistics:
    """Of the channels that one layer reads, over all pixels of all pictures; float64[C] each.

    Attributes:
        maximum: of the absolute value.
        mean, variance: of the value.
        frequency: share of the pixels where it is not zero.
    """

    maximum: Tensor
    mean: Tensor
    variance: Tensor
    frequency: Tensor


class _Stream:
    """Sums of what has been seen so far."""

    def __init__(self):
        self.count = 0
        self.sums = self.maximum = None

    def see(self, x: Tensor) -> None:
        flat = x.detach().double().transpose(0, 1).flatten(1)  # [C, pixels]
        sums = torch.stack([flat.sum(1), flat.square().sum(1), (flat != 0).sum(1).double()])
        maximum = flat.abs().amax(1)
        if self.sums is None:
            self.sums, self.maximum = torch.zeros_like(sums), torch.zeros_like(maximum)
        self.sums, self.maximum = self.sums + sums, torch.maximum(self.maximum, maximum)
        self.count += flat.shape[1]

    def result(self) -> ChannelStatistics:
        mean, square, frequency = self.sums / self.count
        variance = (square - mean.square()).clamp(min=0)
        return ChannelStatistics(self.maximum, mean, variance, frequency)


@torch.no_grad()
def channel_statistics(
    network: nn.Module,
    pictures: Tensor,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, ChannelStatistics]:
    """Of every layer's input, while the pictures are `drawn`.

    Args:
        network, pictures: as `drawn` takes them.
        report: called after each picture with how many are done, and the total.
    """
    watched = readers(network)
    streams = {name: _Stream() for name in watched}
    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: streams[name].see(inputs[0]))
        for name, module in watched.items()
    ]
    try:
        for i, _ in enumerate(drawn(network, pictures)):
            report(i + 1, len(pictures))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: stream.result() for name, stream in streams.items() if stream.count}
