"""The optimiser of v and alpha."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..networks import Gate, is_open, searchable
from .optimizers import load_optimizer

GATE_PACE = 0.5  # of alpha's learning rate to v's: one gate weighs as much as tens of channels
HYSTERESIS = 0.3  # of alpha_2 - alpha_1; without it all gates flicker around the threshold together


class MaskOptimizer:
    """Adam (0.5, 0.99) over a supernet's masks; a gate that crosses its threshold stays across."""

    def __init__(self, supernet: nn.Module):
        widths, self.gates = searchable(supernet)
        self.adam = torch.optim.Adam(
            [
                {"params": [width.v for width in widths]},
                {"params": [gate.alpha for gate in self.gates]},
            ],
            betas=(0.5, 0.99),
        )

    def zero_grad(self) -> None:
        self.adam.zero_grad()

    def step(self, rate: float) -> None:
        """One step at this rate for v and half of it for alpha."""
        for group, pace in zip(self.adam.param_groups, (1.0, GATE_PACE), strict=True):
            group["lr"] = rate * pace
        was_open = [is_open(gate) for gate in self.gates]
        self.adam.step()
        for gate, before in zip(self.gates, was_open, strict=True):
            if is_open(gate) != before:
                _stay(gate)

    def state(self) -> dict[str, Any]:
        return self.adam.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        load_optimizer(self.adam, state)


@torch.no_grad()
def _stay(gate: Gate) -> None:
    """Move a gate that has just crossed its threshold well to the other side."""
    lead = HYSTERESIS if is_open(gate) else -HYSTERESIS
    middle = gate.alpha.mean()
    gate.alpha.copy_(torch.stack((middle - lead / 2, middle + lead / 2)))
