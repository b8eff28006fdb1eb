"""Where the masks start: what matters least stands nearest to its threshold.

A supernet that starts as its own teacher has no gradient that could tell its channels apart: the
distillation loss is zero at its minimum, and the first channels would close at random.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks import Concatenation, Conv2d, Gate, searchable

TINY = torch.finfo(torch.float32).tiny  # of a consumer that hears nothing


@torch.no_grad()
def spread_by_importance(supernet: nn.Module, pictures: Tensor, spread: float) -> None:
    """Shift v of each width and alpha of each gate by their rank, within ±spread.

    Args:
        pictures: float[B, 3, S, S] in [-1, 1].
        spread: v then starts in [1 - spread, 1 + spread], the weakest channel of each width lowest;
            alpha_2 - alpha_1 likewise over the gates, the first to be taken out lowest.
    """
    for name, importance in channel_importance(supernet, pictures).items():
        supernet.widths[name].v.add_(spread * _centred_rank(importance))
    _, gates = searchable(supernet)
    order = torch.tensor(elimination_order(supernet, pictures))
    for index, shift in zip(order, spread * _centred_rank(torch.arange(len(gates))), strict=True):
        gates[index].alpha[1] += shift


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
def elimination_order(supernet: nn.Module, pictures: Tensor) -> list[int]:
    """Indices of the gates in the order in which their blocks are best taken out.

    Backward elimination: of the blocks that are left, the one goes next without which the picture
    changes least. Blocks stand in for one another: each of several may be dispensable while the
    last of them is not, which ablation one by one would not show.
    """
    _, gates = searchable(supernet)
    whole, left, order = supernet(pictures), list(range(len(gates))), []
    while left:
        changes = {}
        for index in left:
            _flip(gates[index])
            changes[index] = float(F.l1_loss(supernet(pictures), whole))
            _flip(gates[index])
        order.append(min(left, key=changes.__getitem__))
        left.remove(order[-1])
        _flip(gates[order[-1]])
    for gate in gates:
        _flip(gate)
    return order


def _flip(gate: Gate) -> None:
    gate.alpha.copy_(gate.alpha.flip(0))


def _centred_rank(values: Tensor) -> Tensor:
    """-1 for the smallest value, 1 for the largest, evenly spaced between."""
    if len(values) < 2:
        return torch.zeros(len(values))
    return values.argsort().argsort() * (2 / (len(values) - 1)) - 1
