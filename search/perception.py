"""How a VGG-19 sees two pictures: what they show, and in which style."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..metrics import gram_loss
from ..networks import Width, read_tensors
from ..networks.photo.encoder import VggEncoder, load_encoder, stages_of, vgg_channels
from .shipped import resolve_model

SHOWN = slice(1, 4)  # relu2_1 to relu4_1: the first map is the picture itself, the last is coarse
TINY = 1e-6
SMALL = "vgg19-small"  # Collaborative Distillation's (Wang et al. 2020), of a sixteenth of the size


class Perception:
    """Distances of pictures in the maps relu1_1 to relu5_1 of a VGG-19.

    Args:
        encoder: a VGG-19's weights, .safetensors; None for the shipped ones.

    Raises:
        FormatError: no weights of a VGG-19.
    """

    def __init__(self, encoder: Path | None, device: torch.device):
        tensors = read_tensors(resolve_model(encoder or SMALL))
        channels = vgg_channels(stages_of(tensors))
        widths = nn.ModuleDict({name: Width(name, n) for name, n in channels.items()})
        self.encoder = VggEncoder(widths)
        load_encoder(self.encoder, tensors)
        self.encoder.requires_grad_(False).to(device, memory_format=torch.channels_last)

    def maps(self, x: Tensor) -> list[Tensor]:
        """The five maps of pictures [B, 3, H, W] in [-1, 1], float32."""
        return [maps.float() for maps in self.encoder(x)]

    @staticmethod
    def content(made: list[Tensor], wanted: list[Tensor]) -> Tensor:
        """Mean over relu2_1 to relu4_1 of the squared error as a share of the wanted energy."""
        errors = [
            (a - b).square().mean((1, 2, 3)) / b.square().mean((1, 2, 3)).clamp(min=TINY)
            for a, b in zip(made[SHOWN], wanted[SHOWN], strict=True)
        ]
        return torch.stack(errors).mean()

    @staticmethod
    def style(made: list[Tensor], wanted: list[Tensor]) -> Tensor:
        """Mean over the five maps of ‖G(made) - G(wanted)‖² / ‖G(wanted)‖² (Gatys et al. 2016)."""
        return gram_loss(made, wanted).mean()
