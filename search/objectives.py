"""What a generator is trained for: paired, unpaired, or distilled from a teacher.

An objective owns every network but the generator itself. Each step it runs the generator, lets its
discriminators learn from the detached results, and returns the generator's loss from the same
forward passes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..metrics import ssim
from ..networks import build
from .adversary import Adversary
from .config import Config
from .fresh import fresh_discriminator

Terms = dict[str, Tensor]


class Paired:
    """pix2pix: the adversarial terms and L1 to the known answer."""

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.weights = config.train
        self.generator = generator
        self.adversary = _adversary(config, device, seed=config.train.seed)

    def partners(self) -> list[nn.Module]:
        """Networks trained together with the generator, by its optimiser."""
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
    """The paper's objective (eq. 1-3): two generators, two domains, cycle, identity and CAM;
    CycleGAN's, which has no CAM, likewise."""

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.weights = config.train
        self.generator = generator
        self.inverse = build(generator.spec).to(device, memory_format=torch.channels_last)
        self.to_target = _adversary(config, device, seed=config.train.seed)
        self.to_source = _adversary(config, device, seed=config.train.seed + 1)

    def partners(self) -> list[nn.Module]:
        """Networks trained together with the generator, by its optimiser: the inverse mapping F."""
        return [self.inverse]

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
        terms = {
            "adversarial": weights.adversarial
            * (self.to_target.fool(fake_y) + self.to_source.fool(fake_x)),
            "cycle": weights.cycle * cycle,
            "identity": weights.identity * identity,
        }
        if logit_x is not None:  # CycleGAN has no domain classifier
            terms["cam"] = weights.cam * sum(
                F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, is_source))
                for logit, is_source in (
                    (logit_x, 1.0),
                    (logit_same_y, 0.0),
                    (logit_y, 1.0),
                    (logit_same_x, 0.0),
                )
            )
        return terms

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
    """The teacher's picture and features: no discriminator, no pairs, minutes instead of hours.

    The student sees the teacher's picture of the same crop (L1 and structural similarity) and its
    maps, so the pictures need no partners. OMGD (Ren et al. 2021) trains its students with
    the same kinds of terms. Feature distillation usually needs an adapter between the student's
    channels and the teacher's; here the student's channels *are* the teacher's, less the closed
    ones. With `search.adversarial`, discriminators compare the student's pictures with the target's
    (as DCD's student has them, Kong et al. 2023; OMGD's has none).

    Attributes:
        kept: by width, which of the teacher's channels the generator has; empty while it is a
            supernet, which has them all and masks what is closed.
    """

    def __init__(self, generator: nn.Module, teacher: nn.Module, config: Config):
        self.generator, self.teacher = generator, teacher
        self.adversary: Adversary | None = None
        if config.search.adversarial:
            device = next(teacher.parameters()).device
            self.adversary = _adversary(config, device, seed=config.train.seed)
        self.l1, self.weights = config.train.l1, config.search
        self.kept: dict[str, Tensor] = {}
        self._bank: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}  # answers by batch number

    def partners(self) -> list[nn.Module]:
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """The weighted distances to the teacher; y is for the discriminators alone.

        Args:
            step: the batch's number; with `search.bank`, a compact generator that sees a number
                again gets the answers that the teacher gave the first time.
        """
        if step in self._bank:
            wanted, wanted_features = self._bank[step]
        else:
            wanted, wanted_features = self._ask(x)
            if self.kept and self.weights.bank:
                wanted = wanted.bfloat16()
                wanted_features = {n: maps.bfloat16() for n, maps in wanted_features.items()}
                self._bank[step] = wanted, wanted_features
        made, features = self.generator.forward_with_features(x)
        wanted, made = wanted.float(), made.float()
        terms = {
            "l1": self.l1 * F.l1_loss(made, wanted),
            "structure": self.weights.structure * (1 - ssim(made, wanted).mean()),
        }
        if self.weights.features:
            errors = [
                self._feature_error(width, features[name], wanted_features[name])
                for name, width in self.generator.features.items()
            ]
            terms["features"] = self.weights.features * sum(errors) / len(errors)
        if self.adversary is not None:
            self.adversary.learn(y, made, step)
            terms["adversarial"] = self.weights.adversarial * self.adversary.fool(made)
        return terms

    @torch.no_grad()
    def _ask(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The teacher's picture and its maps, on the channels that the generator has."""
        picture, features = self.teacher.forward_with_features(x)
        if self.kept:
            features = {n: m[:, self.kept[self.teacher.features[n]]] for n, m in features.items()}
        return picture, features

    def _feature_error(self, width: str, made: Tensor, wanted: Tensor) -> Tensor:
        """Squared error over the channels that are kept, relative to their energy."""
        error, energy = (t.square().mean((0, 2, 3)).float() for t in (made - wanted, wanted))
        mask = self.generator.widths[width].mask
        if mask is not None:  # detached: closing a channel is no way to copy it better
            error, energy = error * mask.detach(), energy * mask.detach()
        return error.sum() / energy.sum()

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [] if self.adversary is None else [self.adversary.optimizer]

    def state(self) -> dict[str, Any]:
        adversary = None if self.adversary is None else self.adversary.state()
        return {"kept": self.kept, "adversary": adversary}

    def load(self, state: dict[str, Any]) -> None:
        self.kept = state["kept"]
        if self.adversary is not None:
            self.adversary.load(state["adversary"])


Objective = Paired | Unpaired | Distilled
OBJECTIVES = {"paired": Paired, "unpaired": Unpaired}


def _adversary(config: Config, device: torch.device, seed: int) -> Adversary:
    return Adversary(
        fresh_discriminator(config),
        learning_rate=config.train.learning_rate,
        weight_decay=config.train.weight_decay,
        pool=config.train.pool,
        parts=config.train.accumulate,
        seed=seed,
        device=device,
    )
