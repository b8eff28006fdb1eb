"""The discriminators' side of every objective: least-squares GAN with an image pool (eq. 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .group import Group
from .optimizers import adam, load_optimizer


class Adversary:
    """Discriminators of one domain, their optimiser, and the pool of earlier fakes.

    Args:
        network: [B, 3, H, W] → a list of scores, each a term of the loss; its `maps` are what it
            saw on the way.
        pool: fakes kept; half of the pictures shown are swapped for older ones (Shrivastava et
            al. 2017), which damps oscillation.
        parts: calls of `learn` that make one batch, and one update.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        learning_rate: float,
        weight_decay: float,
        pool: int,
        seed: int,
        device: torch.device,
        parts: int = 1,
    ):
        self.network = network.to(device, memory_format=torch.channels_last)
        self.optimizer = adam(self.network.parameters(), learning_rate, weight_decay)
        self.capacity, self.seed = pool, seed
        self.pool: list[Tensor] = []
        self.parts, self.group = parts, Group()
        self._part = 0

    def fool(self, fake: Tensor) -> Tensor:
        """The generator's adversarial loss: every score of the fake should be 1."""
        self.network.requires_grad_(False)
        loss = sum((score - 1).square().mean() for score in self.network(fake))
        self.network.requires_grad_(True)
        return loss

    def difference(self, made: Tensor, wanted: Tensor) -> Tensor:
        """How differently it sees two pictures: mean of its maps' L1 distances, each relative to
        the map's mean magnitude (the lens of DCD, Kong et al. 2023)."""
        self.network.requires_grad_(False)
        errors = []
        for maps in self.network.maps(torch.cat((made, wanted))):  # one pass: one spectral norm
            mine, other = maps[: len(made)], maps[len(made) :].detach()
            errors.append(F.l1_loss(mine, other) / other.abs().mean())
        self.network.requires_grad_(True)
        return sum(errors) / len(errors)

    def learn(self, real: Tensor, fake: Tensor, step: int) -> None:
        """One update towards 1 on real and 0 on fake pictures, or a part of one."""
        shown = self._from_pool(fake.detach(), step)
        # one pass over both: spectral normalisation costs as much as the convolutions
        both = torch.cat((real, shown)).contiguous(memory_format=torch.channels_last)
        loss = sum(
            (score[: len(real)] - 1).square().mean() + score[len(real) :].square().mean()
            for score in self.network(both)
        )
        if self._part == 0:
            self.optimizer.zero_grad()
        (loss / self.parts).backward()
        self._part = (self._part + 1) % self.parts
        if self._part == 0:
            self.group.average_gradients(self.network.parameters())
            self.optimizer.step()

    def _from_pool(self, fakes: Tensor, step: int) -> Tensor:
        """Of all processes' fakes, so that their pools are the same; this one's part of them."""
        if not self.capacity:
            return fakes
        rng = np.random.default_rng([self.seed, step, self._part])
        shown = []
        for fake in self.group.whole(fakes):
            if len(self.pool) < self.capacity:
                self.pool.append(fake.clone())
                shown.append(fake)
            elif rng.random() < 0.5:
                slot = int(rng.integers(self.capacity))
                shown.append(self.pool[slot])
                self.pool[slot] = fake.clone()
            else:
                shown.append(fake)
        return self.group.part(torch.stack(shown))

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "pool": self.pool,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        load_optimizer(self.optimizer, state["optimizer"])
        device = next(self.network.parameters()).device
        self.pool = [fake.to(device) for fake in state["pool"]]
