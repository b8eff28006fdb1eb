"""The objective of a network for one style picture (Johnson et al. 2016)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..datasets import to_tensor
from ..errors import UsageError
from ..images import read_rgb, resize
from .companions import Companions
from .config import Config
from .perception import Perception
from .steadiness import unsteadiness

Terms = dict[str, Tensor]
FLAT = 2.0  # standard deviation, of 255, below which a picture is of one colour


class Perceptual:
    """What the photo shows, in the statistics of the style picture, as a VGG-19 sees both.

    The style picture is brought to the frame's height. Beside the two terms: total variation, which
    damps noise, and with `search.temporal` steadiness from frame to frame.

    Raises:
        DataError: the style picture cannot be read.
        UsageError: the style picture is of one colour, or `data.style` is missing.
    """

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.generator, self.weights, self.seed = generator, config.train, config.train.seed
        self.temporal = config.search.temporal
        if config.data.style is None:
            raise UsageError('train.objective = "perceptual" needs data.style, a picture')
        painting = read_rgb(config.data.style)
        if painting.reshape(-1, 3).std(0).max() < FLAT:
            raise UsageError(f"data.style: {config.data.style} is of one colour; there is no style")
        height = generator.spec.height
        width = max(1, round(painting.shape[1] * height / painting.shape[0]))
        self.perception = Perception(config.network.encoder, device)
        style = to_tensor(resize(painting, width, height)[None]).to(device)
        with torch.no_grad():
            self.style = self.perception.maps(style)

    def partners(self) -> list[nn.Module]:
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Of photos x; there is no target."""
        made = self.generator(x)
        self.made = made.detach()
        maps = self.perception.maps(made)
        with torch.no_grad():
            shown = self.perception.maps(x)
        variation = (made.diff(dim=2).abs().mean() + made.diff(dim=3).abs().mean()).float()
        terms = {
            "content": self.weights.content * self.perception.content(maps, shown),
            "style": self.weights.style * self.perception.style(maps, self.style),
            "variation": self.weights.variation * variation,
        }
        if self.temporal:
            moved = unsteadiness(self.generator, x, made, [self.seed, 3, step, 1])
            terms["temporal"] = self.temporal * moved
        return terms

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return []

    def companions(self) -> Companions:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """There is nothing."""
