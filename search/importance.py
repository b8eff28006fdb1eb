"""Where the masks start: what matters least stands nearest to its threshold.

A supernet that starts as its own teacher has no gradient that could tell its channels apart: the
distillation loss is zero at its minimum, and the first channels would close at random.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks import Concatenation, Conv2d, searchable

TINY = torch.finfo(torch.float32).tiny  # of a consumer that hears nothing


@torch.no_grad()
def spread_by_importance(supernet: nn.Module, pictures: Tensor, spread: float) -> None:
    """Shift v of each width and alpha of each gate by their rank, within ±spread.

    Args:
        pictures: float[B, 3, S, S] in [-1, 1].
        spread: v then starts in [1 - spread, 1 + spread], the weakest channel of each width lowest;
            alpha_2 - alpha_1 likewise over the gates.
    """
    for name, importance in channel_importance(supernet, pictures).items():
        supernet.widths[name].v.add_(spread * _centred_rank(importance))
    _, gates = searchable(supernet)
    if gates:
        shifts = spread * _centred_rank(block_importance(supernet, pictures))
        for gate, shift in zip(gates, shifts, strict=True):
            gate.alpha[1] += shift


@torch.no_grad()
def channel_importance(supernet: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """By width: each channel's share in the energy of what its consumers compute, float[C].

    A consumer's share of one input channel is E[x²]·|W|² over the channel's weights, divided by the
    sum over all its inputs: the expected squared change of its output, were the channel gone.
    """
    total = {name: torch.zeros_like(width.v) for name, width in supernet.widths.items()}

    def observe(conv: Conv2d, inputs: tuple[Tensor]) -> None:
        energy = inputs[0].square().mean((0, 2, 3)) * conv.weight.square().sum((0, 2, 3))
        source = conv.in_width
        parts = source.parts if isinstance(source, Concatenation) else (source,)
        shares = (energy / energy.sum().clamp(min=TINY)).split([part.channels for part in parts])
        for part, share in zip(parts, shares, strict=True):
            if part.name in total:  # not the picture itself
                total[part.name] += share

    hooks = [
        module.register_forward_pre_hook(observe)
        for module in supernet.modules()
        if isinstance(module, Conv2d)
    ]
    supernet(pictures)
    for hook in hooks:
        hook.remove()
    return total


@torch.no_grad()
def block_importance(supernet: nn.Module, pictures: Tensor) -> Tensor:
    """By gate: mean absolute change of the picture when that block alone is skipped, float[G]."""
    _, gates = searchable(supernet)
    whole, changes = supernet(pictures), []
    for gate in gates:
        opened = gate.alpha.clone()
        gate.alpha.copy_(opened.flip(0))
        changes.append(F.l1_loss(supernet(pictures), whole))
        gate.alpha.copy_(opened)
    return torch.stack(changes)


def _centred_rank(values: Tensor) -> Tensor:
    """-1 for the smallest value, 1 for the largest, evenly spaced between."""
    if len(values) == 1:
        return torch.zeros_like(values)
    return values.argsort().argsort() * (2 / (len(values) - 1)) - 1
