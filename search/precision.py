"""The number format of the forward passes; weights stay float32."""

from __future__ import annotations

import torch

from .config import Config


def with_precision(config: Config, device: torch.device) -> Config:
    """The configuration with `train.precision = "auto"` decided for the device."""
    if config.train.precision != "auto":
        return config
    decided = "bfloat16" if _multiplies_bfloat16(device) else "float32"
    return config.model_copy(
        update={"train": config.train.model_copy(update={"precision": decided})}
    )


def autocast(config: Config, device: torch.device) -> torch.autocast:
    """The context of a forward pass in the decided precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.train.precision == "bfloat16")


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware does; emulated, bfloat16 is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))
