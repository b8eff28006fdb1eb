"""What a generator is trained for: pairs, two unpaired domains, or what a teacher does.

An objective owns every network but the generator itself. Each step it runs the generator, lets its
discriminators learn from the detached results, and returns the generator's loss from the same
forward passes. `made` are the pictures of its last batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..metrics import ssim
from ..networks import build, has_masks
from .companions import Companions
from .config import Config
from .distilled import Distilled, Terms
from .face_identity import FaceIdentity
from .fresh import fresh_adversary
from .perceptual import Perceptual
from .reconstruction import Reconstruction
from .steadiness import unsteadiness
from .stylization import Stylization


class Paired:
    """pix2pix: the adversarial terms and L1 to the known answer.

    Three terms more, each off unless its weight is set: `train.structure`, 1 - SSIM;
    `train.edges`, L1 of the differences between neighbouring pixels; `train.temporal`, steadiness
    from frame to frame, of a network without masks.
    """

    def __init__(self, generator: nn.Module, config: Config, device: torch.device):
        self.weights = config.train
        self.generator = generator
        self.adversary = fresh_adversary(config, device, seed=config.train.seed)
        self.face = _face(config, device)

    def partners(self) -> list[nn.Module]:
        """Networks trained together with the generator, by its optimiser."""
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Weighted terms of the generator's loss; the discriminators have learnt on the way."""
        fake = self.generator(x).float()
        self.made = fake.detach()
        terms = {"l1": self.weights.l1 * F.l1_loss(fake, y)}
        if self.weights.structure:
            terms["structure"] = self.weights.structure * (
                1 - ssim(fake, y, self.weights.structure_k2).mean()
            )
        if self.weights.edges:
            terms["edges"] = self.weights.edges * _edge_error(fake, y)
        if self.weights.temporal and not has_masks(self.generator):
            moved = unsteadiness(self.generator, x, fake, [self.weights.seed, 3, step, 1])
            terms["temporal"] = self.weights.temporal * moved
        if self.weights.adversarial:
            self.adversary.learn(y, fake, step)
            terms["adversarial"] = self.weights.adversarial * self.adversary.fool(fake)
        if self.face is not None:
            terms["face"] = self.weights.face * self.face(x, fake)
        return terms

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [self.adversary.optimizer]

    def companions(self) -> Companions:
        """What is worth keeping beside the generator."""
        return [("to_target", self.adversary.network)]

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
        self.to_target = fresh_adversary(config, device, seed=config.train.seed)
        self.to_source = fresh_adversary(config, device, seed=config.train.seed + 1)
        self.face = _face(config, device)

    def partners(self) -> list[nn.Module]:
        """Networks trained together with the generator, by its optimiser: the inverse mapping F."""
        return [self.inverse]

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """Weighted terms of the generators' loss; the discriminators have learnt on the way."""
        weights, generator, inverse = self.weights, self.generator, self.inverse
        fake_y, logit_x = generator.forward_with_logit(x)
        fake_x, logit_y = inverse.forward_with_logit(y)
        self.made = fake_y.detach()
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
        if self.face is not None:
            terms["face"] = weights.face * (self.face(x, fake_y) + self.face(y, fake_x))
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

    def companions(self) -> Companions:
        """What is worth keeping beside the generator."""
        adversaries = (("to_target", self.to_target), ("to_source", self.to_source))
        return [("inverse", self.inverse), *((name, one.network) for name, one in adversaries)]

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


Objective = Paired | Unpaired | Distilled | Reconstruction | Stylization | Perceptual
OBJECTIVES = {
    "paired": Paired,
    "unpaired": Unpaired,
    "reconstruct": Reconstruction,
    "stylize": Stylization,
    "perceptual": Perceptual,
}


def _edge_error(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of the pictures' gradients, rows and columns."""
    return sum(F.l1_loss(made.diff(dim=axis), wanted.diff(dim=axis)) for axis in (2, 3))


def _face(config: Config, device: torch.device) -> FaceIdentity | None:
    reference = config.train.face_id
    return None if reference is None else FaceIdentity(reference, device)
