"""What a generator is trained for: paired, unpaired, or distilled from a teacher.

An objective owns every network but the generator itself. Each step it runs the generator once
(`forward`), lets its discriminators learn from the detached result, and returns the generator's
loss from the same forward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks import build
from .adversary import Adversary
from .config import Config

Terms = dict[str, Tensor]


class Paired:
    """pix2pix: the adversarial terms and L1 to the known answer."""

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.weights = config.train
        self.generator = generator
        self.adversary = _adversary(config, device, seed=config.train.seed)

    def extra_parameters(self) -> list[nn.Parameter]:
        """Parameters trained together with the generator."""
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Weighted terms of the generator's loss; the discriminators have learnt on the way."""
        fake = self.generator(x)
        terms = {"l1": self.weights.l1 * F.l1_loss(fake, y)}
        if self.weights.adversarial:
            self.adversary.learn(y, fake, step)
            terms["adversarial"] = self.weights.adversarial * self.adversary.fool(fake)
        return terms

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [self.adversary.optimizer]

    def state(self) -> dict[str, Any]:
        return {"adversary": self.adversary.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.adversary.load(state["adversary"])


class Unpaired:
    """The paper's objective (eq. 1-3): two generators, two domains, cycle, identity and CAM."""

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.weights = config.train
        self.generator = generator
        self.inverse = build(generator.spec).to(device, memory_format=torch.channels_last)
        self.to_target = _adversary(config, device, seed=config.train.seed)
        self.to_source = _adversary(config, device, seed=config.train.seed + 1)

    def extra_parameters(self) -> list[nn.Parameter]:
        """Parameters trained together with the generator: the inverse mapping F."""
        return list(self.inverse.parameters())

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Weighted terms of the generators' loss; the discriminators have learnt on the way."""
        weights, generator, inverse = self.weights, self.generator, self.inverse
        fake_y, logit_x = generator.forward_with_logit(x)
        fake_x, logit_y = inverse.forward_with_logit(y)
        same_y, logit_same_y = generator.forward_with_logit(y)
        same_x, logit_same_x = inverse.forward_with_logit(x)
        self.to_target.learn(y, fake_y, step)
        self.to_source.learn(x, fake_x, step)
        cycle = F.l1_loss(inverse(fake_y), x) + F.l1_loss(generator(fake_x), y)
        identity = F.l1_loss(same_y, y) + F.l1_loss(same_x, x)
        cam = sum(
            F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, is_source))
            for logit, is_source in (
                (logit_x, 1.0),
                (logit_same_y, 0.0),
                (logit_y, 1.0),
                (logit_same_x, 0.0),
            )
        )
        return {
            "adversarial": weights.adversarial
            * (self.to_target.fool(fake_y) + self.to_source.fool(fake_x)),
            "cycle": weights.cycle * cycle,
            "identity": weights.identity * identity,
            "cam": weights.cam * cam,
        }

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [self.to_target.optimizer, self.to_source.optimizer]

    def state(self) -> dict[str, Any]:
        return {
            "inverse": self.inverse.state_dict(),
            "to_target": self.to_target.state(),
            "to_source": self.to_source.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.inverse.load_state_dict(state["inverse"])
        self.to_target.load(state["to_target"])
        self.to_source.load(state["to_source"])


class Distilled:
    """L1 to the teacher's output: no discriminator, no pairs, minutes instead of hours.

    The teacher sees the same crop, so any folder of source pictures will do (OMGD, Ren et al.
    2021, trains its student the same way).
    """

    def __init__(self, generator: nn.Module, teacher: nn.Module, config: Config):
        self.generator, self.teacher, self.weight = generator, teacher, config.train.l1

    def extra_parameters(self) -> list[nn.Parameter]:
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """The weighted L1 distance; y is not looked at."""
        with torch.no_grad():
            wanted = self.teacher(x)
        return {"distill": self.weight * F.l1_loss(self.generator(x), wanted)}

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing to restore: the teacher is fixed."""


Objective = Paired | Unpaired | Distilled
OBJECTIVES = {"paired": Paired, "unpaired": Unpaired}


def _adversary(config: Config, device: torch.device, seed: int) -> Adversary:
    return Adversary(
        config.network.discriminator_base,
        config.data.size,
        learning_rate=config.train.learning_rate,
        weight_decay=config.train.weight_decay,
        pool=config.train.pool,
        seed=seed,
        device=device,
    )
