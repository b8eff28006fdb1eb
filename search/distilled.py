"""The objective of a student: the pictures and the maps of a teacher (distillation)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..metrics import ssim
from ..networks import has_masks
from .adversary import Adversary
from .companions import Companions
from .config import Config
from .fresh import fresh_adversary
from .perception import Perception
from .steadiness import unsteadiness

Terms = dict[str, Tensor]


class Distilled:
    """The teacher's picture and features: no discriminator, no pairs, minutes instead of hours.

    The student sees the teacher's picture of the same crop (L1 and structural similarity) and its
    maps, so the pictures need no partners. OMGD (Ren et al. 2021) trains its students with
    the same kinds of terms. Feature distillation usually needs an adapter between the student's
    channels and the teacher's; here the student's channels *are* the teacher's, less the closed
    ones. A student of another family than the teacher's has no such channels and learns from
    pictures alone, as a VGG-19 sees them, too: `search.content` compares its maps, and where a
    teacher invents texture at places that are chaotic, `search.style` compares their statistics.

    Three terms more, each off unless its weight is set: `search.adversarial`, discriminators that
    know the target's pictures (as DCD's student has them, Kong et al. 2023; OMGD's has none);
    `search.lens`, DCD's comparison of both pictures by the maps of a discriminator, the teacher's
    own where it was kept, which goes on learning the teacher's pictures;
    `search.temporal`, steadiness from frame to frame, of a compact student alone.

    Attributes:
        kept: by width, which of the teacher's channels the generator has; empty while it is a
            supernet, which has them all and masks what is closed.
    """

    def __init__(self, generator: nn.Module, teacher: nn.Module, config: Config):
        self.generator, self.teacher = generator, teacher
        device, seed = next(teacher.parameters()).device, config.train.seed
        self.adversary = self.lens = None
        if config.search.adversarial:
            self.adversary = fresh_adversary(config, device, seed)
        if config.search.lens:
            self.lens = fresh_adversary(config, device, seed + 1)
        self.l1, self.weights, self.seed = config.train.l1, config.search, seed
        self.related = generator.spec.family == teacher.spec.family
        self.perception = None
        if self.weights.content or self.weights.style:
            self.perception = Perception(config.network.encoder, device)
        self.kept: dict[str, Tensor] = {}
        self._bank: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}  # answers by batch number

    def remembers(self) -> bool:
        """Whether batches come again whose answers are kept: with `search.bank`."""
        return bool(self.weights.bank) and not (has_masks(self.generator) and self.related)

    def partners(self) -> list[nn.Module]:
        return []

    def losses(self, x: Tensor, y: Tensor, step: int) -> Terms:
        """The weighted distances to the teacher; y is for discriminators alone.

        Args:
            step: the batch's number; where the objective remembers, a number that comes again
                gets the answers that the teacher gave the first time.
        """
        if step in self._bank:
            wanted, wanted_features = self._bank[step]
        else:
            wanted, wanted_features = self._ask(x)
            if self.remembers():
                wanted = wanted.bfloat16()
                wanted_features = {n: maps.bfloat16() for n, maps in wanted_features.items()}
                self._bank[step] = wanted, wanted_features
        made, features = self.generator.forward_with_features(x)
        wanted, made = wanted.float(), made.float()
        self.made = made.detach()
        terms = {
            "l1": self.l1 * F.l1_loss(made, wanted),
            "structure": self.weights.structure * (1 - ssim(made, wanted).mean()),
        }
        if self.perception is not None:
            seen = self.perception.maps(made)
            with torch.no_grad():
                wished = self.perception.maps(wanted)
            terms["content"] = self.weights.content * self.perception.content(seen, wished)
            terms["style"] = self.weights.style * self.perception.style(seen, wished)
        if self.weights.features and self.related:
            errors = [
                self._feature_error(width, features[name], wanted_features[name])
                for name, width in self.generator.features.items()
            ]
            terms["features"] = self.weights.features * sum(errors) / len(errors)
        if self.adversary is not None:
            self.adversary.learn(y, made, step)
            terms["adversarial"] = self.weights.adversarial * self.adversary.fool(made)
        if self.lens is not None:
            self.lens.learn(y, wanted, step)
            terms["lens"] = self.weights.lens * self.lens.difference(made, wanted)
        if self.weights.temporal and not has_masks(self.generator):
            moved = unsteadiness(self.generator, x, made, [self.seed, 3, step, 1])
            terms["temporal"] = self.weights.temporal * moved
        return terms

    @torch.no_grad()
    def _ask(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The teacher's picture and its maps, on the channels that the generator has."""
        if not self.related:
            return self.teacher(x), {}
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
        return [adversary.optimizer for adversary in self._adversaries().values()]

    def companions(self) -> Companions:
        """What the teacher may have been trained beside."""
        return [("to_target", one.network) for one in self._adversaries().values()]

    def _adversaries(self) -> dict[str, Adversary]:
        both = {"adversary": self.adversary, "lens": self.lens}
        return {name: one for name, one in both.items() if one is not None}

    def state(self) -> dict[str, Any]:
        return {"kept": self.kept} | {n: one.state() for n, one in self._adversaries().items()}

    def load(self, state: dict[str, Any]) -> None:
        self.kept = state["kept"]
        self._bank.clear()  # the answers to a student that may have had other channels
        for name, one in self._adversaries().items():
            one.load(state[name])
