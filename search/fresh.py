"""Networks as a configuration asks for them, not trained yet."""

from __future__ import annotations

import torch
from torch import nn

from ..networks import PORTRAIT_SPECS, MultiScaleDiscriminator, PatchDiscriminator, build
from .config import Config


def fresh_generator(config: Config, device: torch.device) -> nn.Module:
    """The generator, channels last on the device."""
    network = config.network
    blocks = () if network.blocks is None else (network.blocks,)  # else the published number
    spec = PORTRAIT_SPECS[network.family](config.data.size, network.base, *blocks)
    return build(spec).to(device, memory_format=torch.channels_last)


def fresh_discriminator(config: Config) -> nn.Module:
    """The discriminator of one domain: CycleGAN has its PatchGAN, UGATIT its pair with CAMs."""
    base = config.network.discriminator_base
    if config.network.family == "cyclegan":
        return PatchDiscriminator(base)
    return MultiScaleDiscriminator(base, config.data.size)
