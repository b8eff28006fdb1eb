"""Adam and number formats as every recipe here uses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from .config import Config


def adam(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float
) -> torch.optim.Adam:
    """Adam with beta (0.5, 0.999), as CycleGAN and UGATIT use it."""
    return torch.optim.Adam(
        parameters, lr=learning_rate, betas=(0.5, 0.999), weight_decay=weight_decay, fused=True
    )


def autocast(config: Config, device: torch.device) -> torch.autocast:
    """The context of a forward pass in the configured precision; weights stay float32."""
    half = config.train.precision == "bfloat16"
    if config.train.precision == "auto":
        half = _multiplies_bfloat16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware does; emulated, bfloat16 is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))


def set_learning_rate(rate: float, *optimizers: torch.optim.Optimizer) -> None:
    """Set the rate of every parameter group."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


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
