"""What every training loop here does with a batch: losses, one step down, the state to keep."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..networks import clamp_mixtures
from .config import Config
from .group import Group
from .objectives import Objective, Terms
from .optimizers import adam, load_optimizer, muon, set_learning_rate
from .precision import autocast

PUBLISHED_RATE = 2e-4  # of Adam (paper, section 4)


class Learner:
    """A generator, the objective that it is trained for, and the optimisers of its weights.

    v and alpha of a supernet are left to an optimiser of their own.
    """

    def __init__(self, generator: nn.Module, objective: Objective, config: Config):
        self.objective, self.config, self.group = objective, config, Group()
        self.follow(generator)

    def follow(self, generator: nn.Module) -> None:
        """Train this generator from now on, with fresh optimisers."""
        self.generator = self.objective.generator = generator
        self.networks = [generator, *self.objective.partners()]
        weights = [
            parameter
            for network in self.networks
            for name, parameter in network.named_parameters()
            if parameter.requires_grad and not name.endswith((".v", ".alpha"))
        ]
        settings = self.config.train
        if settings.optimizer == "muon":
            self.optimizers = muon(weights, settings.learning_rate, settings.weight_decay)
        else:
            self.optimizers = [adam(weights, settings.learning_rate, settings.weight_decay)]
        self.average = None
        masked = any(name.endswith(".v") for name, _ in generator.named_parameters())
        if settings.average and not masked:
            self.average = AveragedModel(
                generator, multi_avg_fn=get_ema_multi_avg_fn(settings.average)
            )

    @property
    def result(self) -> nn.Module:
        """The generator to look at and to keep: with `train.average`, one whose weights are the
        running mean of those of the steps (a GAN's last step is as good as any other)."""
        return self.generator if self.average is None else self.average.module

    def set_rate(self, share: float, peak: float) -> None:
        """The learning rates of the generator's weights and of the objective's own networks.

        Args:
            share: of the rates at their peaks.
            peak: of the generator's weights. The others' is `train.discriminator_rate`.
        """
        settings = self.config.train
        own = settings.discriminator_rate
        if own is None:  # Muon's rates are no rates of Adam
            own = peak if settings.optimizer == "adam" else PUBLISHED_RATE
        set_learning_rate(share * peak, self.optimizers)
        set_learning_rate(share * own, self.objective.optimizers())

    def losses(self, x: Tensor, y: Tensor, number: int) -> Terms:
        """The objective's terms of a batch, in the configured precision.

        With `train.accumulate`, the gradients of all its parts but the last are computed here
        already, so that the memory holds the maps of one; the terms are those of the whole batch,
        their gradients what the last part adds.

        Args:
            number: of the batch; the objective's own networks learn from it, too.
        """
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        count = self.config.train.accumulate
        *first, last = zip(x.chunk(count), y.chunk(count), strict=True)
        before: Terms = {}
        for part in first:
            terms = self._part(*part, number)
            sum(terms.values()).backward()
            before = {name: before.get(name, 0) + term.detach() for name, term in terms.items()}
        return {name: before.get(name, 0) + t for name, t in self._part(*last, number).items()}

    def _part(self, x: Tensor, y: Tensor, number: int) -> Terms:
        """What a part of a batch adds to the terms of the whole."""
        with autocast(self.config, x.device):
            terms = self.objective.losses(x, y, number)
        return {name: term / self.config.train.accumulate for name, term in terms.items()}

    def descend(self, terms: Terms) -> None:
        """One step down the sum of the terms."""
        sum(terms.values()).backward()
        for network in self.networks:
            self.group.average_gradients(network.parameters())
        for optimizer in self.optimizers:
            optimizer.step()
        for network in self.networks:
            clamp_mixtures(network)
        if self.average is not None:
            self.average.update_parameters(self.generator)

    def state(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "objective": self.objective.state(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load(self, state: dict[str, Any]) -> None:
        self.generator.load_state_dict(state["generator"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.objective.load(state["objective"])
        for optimizer, part in zip(self.optimizers, state["optimizers"], strict=True):
            load_optimizer(optimizer, part)
