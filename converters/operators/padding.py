"""Borders around a map."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Attributes, form, known, numbers

Pads = list[tuple[int, int]]  # before and after, of each axis


@form("Pad", "borders side by side; reflected, MIRROR_PAD", numbers=True)
def _pad(a: Attributes, x: Tensor, pads=None, value=None, axes=None) -> Tensor:
    sides = list(a["pads"]) if pads is None else numbers(pads)
    n = len(sides) // 2
    over = range(n) if axes is None else numbers(axes)
    by_axis: Pads = [(0, 0)] * x.dim()
    for axis, before, after in zip(over, sides[:n], sides[n:], strict=True):
        by_axis[axis] = (before, after)
    x, by_axis = cut(x, by_axis)
    mode = a.get("mode", b"constant").decode()
    if mode == "constant":
        fill = a.get("value", 0.0) if value is None else known(value, "a value").item()
        return filled(x, by_axis, float(fill))
    return {"reflect": _reflected, "edge": edges, "wrap": _wrapped}[mode](x, by_axis)


def cut(x: Tensor, pads: Pads) -> tuple[Tensor, Pads]:
    """What negative pads cut off, and the others."""
    for axis, (before, after) in enumerate(pads):
        if min(before, after) < 0:
            first = max(0, -before)
            x = x.narrow(axis, first, x.shape[axis] - first - max(0, -after))
    return x, [(max(0, before), max(0, after)) for before, after in pads]


def filled(x: Tensor, pads: Pads, value: float = 0.0) -> Tensor:
    """Padded with a value side by side: litert-torch transposes around a pad, and GPUs take one in
    front of an average for its own padding, which does not count."""

    def border(axis: int, n: int) -> list[Tensor]:
        shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
        return [torch.full(shape, value)] if n else []

    for axis, (before, after) in enumerate(pads):
        if before or after:
            x = torch.cat([*border(axis, before), x, *border(axis, after)], axis)
    return x


def edges(x: Tensor, pads: Pads) -> Tensor:
    """Padded with the edges side by side: a mirror that repeats them stays on the CPU."""
    for axis, (before, after) in enumerate(pads):
        if before or after:
            first, last = x.narrow(axis, 0, 1), x.narrow(axis, x.shape[axis] - 1, 1)
            x = torch.cat([first] * before + [x] + [last] * after, axis)
    return x


def _wrapped(x: Tensor, pads: Pads) -> Tensor:
    for axis, (before, after) in enumerate(pads):
        side = x.shape[axis]
        parts = ([x.narrow(axis, side - before, before)] if before else []) + [x]
        if before or after:
            x = torch.cat(parts + ([x.narrow(axis, 0, after)] if after else []), axis)
    return x


def _reflected(x: Tensor, pads: Pads) -> Tensor:
    if x.dim() == 4 and not any(np.ravel(pads[:2])):
        return F.pad(x, (*pads[3], *pads[2]), "reflect") if any(np.ravel(pads)) else x
    for axis, (before, after) in enumerate(pads):
        side = x.shape[axis]
        parts = ([x.narrow(axis, 1, before).flip(axis)] if before else []) + [x]
        if after:
            parts.append(x.narrow(axis, side - 1 - after, after).flip(axis))
        x = torch.cat(parts, axis) if len(parts) > 1 else x
    return x
