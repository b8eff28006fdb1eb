"""The objective of a photorealistic network's decoder: the encoder's input, back again."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .companions import Companions
from .config import Config

Terms = dict[str, Tensor]


class Reconstruction:
    """Half the squared error of the picture, half that of its features (PhotoNAS's recipe).

    A feature map's error is relative to its energy, since encoders differ in their scale; that of
    the recipe has features of about 1.

    The transforms are off: a decoder that gives back what the encoder saw gives back what a
    transform made of it, too. The encoder does not learn, so that its features stay what styles are
    measured in.
    """

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.generator = generator
        self.encoder = copy.deepcopy(generator.encoder).requires_grad_(False)

    def partners(self) -> list[nn.Module]:
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Of pictures x; there is no target."""
        made = self.generator.reconstruct(x)
        self.made = made.detach()
        # on 0..1, as published
        picture = F.mse_loss(made.float(), x) / 4
        return {"picture": 0.5 * picture, "features": 0.5 * feature_errors(self.encoder, made, x)}

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return []

    def companions(self) -> Companions:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """There is nothing."""


def feature_errors(encoder: nn.Module, made: Tensor, wanted: Tensor) -> Tensor:
    """Mean over an encoder's maps of the squared error of each, relative to its energy."""
    with torch.no_grad():
        features = encoder(wanted)
    errors = [
        F.mse_loss(a.float(), b.float()) / b.float().square().mean()
        for a, b in zip(encoder(made), features, strict=True)
    ]
    return sum(errors) / len(errors)
