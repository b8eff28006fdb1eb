"""Optimisers as every recipe here uses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from .muon import Muon

PICTURE = 3  # channels; what writes a picture or a score is no hidden layer


def adam(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float
) -> torch.optim.Adam:
    """Adam with beta (0.5, 0.999), as CycleGAN and UGATIT use it."""
    return torch.optim.Adam(
        parameters, lr=learning_rate, betas=(0.5, 0.999), weight_decay=weight_decay, fused=True
    )


def muon(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions of hidden layers, Adam for all else."""
    hidden, rest = [], []
    for parameter in parameters:
        matrix = parameter.ndim == 4 and parameter.shape[0] > PICTURE
        (hidden if matrix else rest).append(parameter)
    return [Muon(hidden, learning_rate), adam(rest, learning_rate, weight_decay)]


def set_learning_rate(rate: float, optimizers: Iterable[torch.optim.Optimizer]) -> None:
    """Set the rate of every parameter group."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def learning_rate_at(step: int, steps: int, rate: float, fixed: float = 0.5) -> float:
    """The rate for the `fixed` share of the steps, then linearly to zero (paper, section 4)."""
    return rate * min(1.0, (steps - step) / (steps - min(steps - 1, fixed * steps)))


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Restore an optimiser's state, in the memory layout of the parameters.

    Files hold no strides, and fused Adam walks parameter and moments in memory order: contiguous
    moments beside channels-last weights would be mixed up.
    """
    optimizer.load_state_dict(state)
    for parameter, moments in optimizer.state.items():
        for name, value in moments.items():
            if value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
