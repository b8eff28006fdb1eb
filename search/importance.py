"""Where the masks start: what matters least stands nearest to its threshold.

A supernet that starts as its own teacher has no gradient that could tell its channels apart: the
distillation loss is zero at its minimum, and the first channels would close at random.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks import Gate, searchable

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
    order = elimination_order(supernet, pictures)
    for gate, shift in zip(order, spread * _centred_rank(torch.arange(len(order))), strict=True):
        gate.alpha[1] += shift


@torch.no_grad()
def channel_importance(supernet: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """By width: each channel's share in the energy of what its consumers compute, float[C].

    A consumer's share of one input channel is E[x²]·|W|² over the channel's weights, divided by the
    sum over all its inputs: the expected squared change of its output, were the channel gone.
    """
    total = {name: torch.zeros_like(width.v) for name, width in supernet.widths.items()}

    def observe(consumer: nn.Module, inputs: tuple[Tensor]) -> None:
        energy = inputs[0].float().square().mean((0, 2, 3)) * reading_strength(consumer)
        parts = consumer.in_width.parts
        shares = (energy / energy.sum().clamp(min=TINY)).split([part.channels for part in parts])
        for part, share in zip(parts, shares, strict=True):
            if part.name in total:  # not the picture itself
                total[part.name] += share

    hooks = [reader.register_forward_pre_hook(observe) for reader in readers(supernet).values()]
    supernet(pictures)
    for hook in hooks:
        hook.remove()
    return total


def readers(network: nn.Module) -> dict[str, nn.Module]:
    """The layers whose weights mix what they read, by name."""
    return {
        name: module
        for name, module in network.named_modules()
        if "in" in getattr(module, "axes", {}).get("weight", ())
    }


def reading_strength(reader: nn.Module) -> Tensor:
    """Sum of the squares of the weights that read each channel, [Cin]."""
    axis = reader.axes["weight"].index("in")
    return reader.weight.detach().square().transpose(0, axis).flatten(1).sum(1)


@torch.no_grad()
def elimination_order(supernet: nn.Module, pictures: Tensor) -> list[Gate]:
    """The gates in the order in which their blocks are best taken out.

    Backward elimination: of the blocks that are left, the one goes next without which the picture
    changes least. Blocks stand in for one another: each of several may be dispensable while the
    last of them is not, which ablation one by one would not show. The last of each stage stays and
    comes at the end.
    """
    _, gates = searchable(supernet)
    whole, order = supernet(pictures).float(), []
    while True:
        left = [gate for gate in gates if gate not in order]
        changes = {}
        for gate in left:
            if gate.optional or sum(other in left for other in gate.stage) > 1:
                _flip(gate)
                changes[gate] = float(F.l1_loss(supernet(pictures).float(), whole))
                _flip(gate)
        if not changes:
            break
        order.append(min(changes, key=changes.__getitem__))
        _flip(order[-1])
    for gate in order:
        _flip(gate)
    return [*order, *left]


def _flip(gate: Gate) -> None:
    gate.alpha.copy_(gate.alpha.flip(0))


def _centred_rank(values: Tensor) -> Tensor:
    """-1 for the smallest value, 1 for the largest, evenly spaced between."""
    if len(values) < 2:
        return torch.zeros(len(values))
    return values.argsort().argsort() * (2 / (len(values) - 1)) - 1
