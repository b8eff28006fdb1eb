"""Which channels go, and what the layers behind them get in their place."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...networks import compact, start_search
from ..importance import readers, reading_strength
from .statistics import ChannelStatistics

Statistics = Mapping[str, ChannelStatistics]
Channels = dict[str, Tensor]
"""By the name of a Width: a number or a truth value for each of its channels."""

TINY = 1e-30


def silent_channels(network: nn.Module, found: Statistics, threshold: float = 0.0) -> Channels:
    """Channels that no layer reads anything from: the paper's zero channels.

    Args:
        threshold: share of the layer's median maximum up to which a channel counts as silent.
    """
    silent = {name: torch.ones(w.channels, dtype=torch.bool) for name, w in network.widths.items()}
    for name, module in _read(network, found):
        maximum = found[name].maximum
        quiet = maximum <= threshold * maximum.median()
        for width, part in _split(module, quiet):
            if width in silent:
                silent[width] &= part
    return {name: channels for name, channels in silent.items()}


def error_shares(network: nn.Module, found: Statistics) -> Channels:
    """What a channel's absence would change, once its mean is made up for.

    Of every layer that reads it, the share of the output's variance that comes from it: its
    variance by the squares of its weights. The largest share of any layer counts.
    """
    worst = {
        name: torch.zeros(w.channels, dtype=torch.float64) for name, w in network.widths.items()
    }
    for name, module in _read(network, found):
        energy = found[name].variance * reading_strength(module)
        for width, part in _split(module, energy / (energy.sum() + TINY)):
            if width in worst:
                worst[width] = torch.maximum(worst[width], part)
    return worst


def magnitudes(network: nn.Module) -> Channels:
    """The control: L1 norm of the weights that write a channel, as a share of its layer's mean
    (Li et al. 2017)."""
    found = {}
    for module in network.modules():
        if "out" in getattr(module, "axes", {}).get("weight", ()):
            norm = module.weight.detach().double().abs().flatten(1).sum(1)
            norm = norm / norm.mean()
            name = module.out_width.name
            if name in network.widths:
                found[name] = torch.maximum(found[name], norm) if name in found else norm
    return found


def lowest(scores: Channels, share: float, keep_at_least: float = 0.125) -> Channels:
    """The channels of the lowest scores, so many of all.

    Args:
        share: 0..1, of all channels together.
        keep_at_least: of every Width, whatever its scores.
    """
    everything = torch.cat(list(scores.values()))
    count = round(share * len(everything))
    border = everything.sort().values[count - 1] if count else -torch.inf
    gone = {}
    for name, values in scores.items():
        kept = max(1, round(keep_at_least * len(values)))
        gone[name] = values <= border
        gone[name][values.topk(kept).indices] = False
    return gone


@torch.no_grad()
def without(network: nn.Module, gone: Channels, found: Statistics | None = None) -> nn.Module:
    """A compact network without these channels; where nothing but zeros goes, it is the same.

    Args:
        gone: of Widths that must keep a channel at least.
        found: with it the mean of what goes is added to the biases of the layers that read it.
    """
    supernet = copy.deepcopy(network)
    if found is not None:
        for name, module in _read(supernet, found):
            if module.bias is None:
                continue
            mean = found[name].mean.clone()
            for width, start in _starts(module):
                part = gone.get(width.name, torch.zeros(width.channels, dtype=torch.bool))
                mean[start : start + width.channels][~part] = 0
            module.bias += (module.weight.double().sum((2, 3)) @ mean).float()
    start_search(supernet, 1e-9)
    for name, channels in gone.items():
        supernet.widths[name].v[channels] = 0
    return compact(supernet)


def _read(network: nn.Module, found: Statistics) -> list[tuple[str, nn.Module]]:
    return [(name, module) for name, module in readers(network).items() if name in found]


def _starts(module: nn.Module) -> list[tuple]:
    """The Widths that a layer reads, with the place of their first channel."""
    made, start = [], 0
    for width in module.in_width.parts:
        made.append((width, start))
        start += width.channels
    return made


def _split(module: nn.Module, values: Tensor) -> list[tuple[str, Tensor]]:
    return [(w.name, values[start : start + w.channels]) for w, start in _starts(module)]
