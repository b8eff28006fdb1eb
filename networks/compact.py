"""compact (C3): the supernet without what its masks and gates switch off."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from .spec import build
from .width import Gate, is_open


@torch.no_grad()
def compact(supernet: nn.Module) -> nn.Module:
    """A smaller network of the same family with the kept weights; its output equals the supernet's.

    Equality holds to 1e-5 in float32 at any pattern of masks and gates. The result's spec is
    `compact(net).spec`; it has no masks left.
    """
    old = dict(supernet.named_modules())
    closed = {
        name.rpartition(".")[0].rpartition(".")[2]
        for name, module in old.items()
        if isinstance(module, Gate) and not is_open(module)
    }
    small = build(
        replace(
            supernet.spec,
            blocks=tuple(block for block in supernet.spec.blocks if block not in closed),
            widths={
                name: len(width.kept)
                for name, width in supernet.widths.items()
                if name not in closed
            },
        )
    )
    for name, module in small.named_modules():
        if not hasattr(module, "axes"):
            continue
        kept = {"out": old[name].out_width.kept, "in": old[name].in_width.kept}
        for parameter, axes in module.axes.items():
            value = getattr(old[name], parameter)
            if value is None:
                continue
            for dim, axis in enumerate(axes):
                value = value.index_select(dim, kept[axis].to(value.device))
            getattr(module, parameter).copy_(value)
    return small.to(next(supernet.parameters()).device).train(supernet.training)
