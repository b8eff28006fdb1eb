"""What StyleNAS asks of a genotype: how near its short-trained network comes to the oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..datasets import Batches, Prefetch, read_pairs, to_tensor
from ..errors import UsageError
from ..networks import Genotype, PhotoNetwork, build, load, photo_spec
from ..networks.photo import PHOTONET, inherit
from .config import Config
from .data import load_data, make_batches
from .hardware import fastest_device
from .learner import Learner
from .optimizers import learning_rate_at
from .precision import with_precision
from .reconstruction import Reconstruction, feature_errors
from .shipped import resolve_model

DIVERGED = 1e6  # in place of what is no number: the worst, and still a number in the history


@dataclass(frozen=True)
class Judgement:
    """E and P of the paper's eq. 1, and the last training loss."""

    error: float
    perception: float
    loss: float


def load_oracle(config: Config) -> PhotoNetwork:
    """The network that candidates are compared with.

    Raises:
        UsageError: it is no PhotoNet with every operator.
        DataError, FormatError: it cannot be read.
    """
    path = resolve_model(config.nas.oracle)
    oracle, _ = load(path)
    if not isinstance(oracle, PhotoNetwork) or oracle.genotype != PHOTONET:
        raise UsageError(f"nas.oracle: {path} is no PhotoNet with all of its operators")
    return oracle.eval().requires_grad_(False)


def candidate(genotype: Genotype, oracle: PhotoNetwork, size: int) -> PhotoNetwork:
    """A genotype's network on the oracle's encoder, its decoder fresh."""
    network = build(photo_spec(genotype, size, oracle.encoder_stages))
    network.encoder.load_state_dict(oracle.encoder.state_dict())
    network.encoder.requires_grad_(False)
    return network


def trained(
    network: PhotoNetwork,
    config: Config,
    batches: Batches | Prefetch,
    steps: int,
    device: torch.device,
) -> tuple[PhotoNetwork, float]:
    """A network after a short training of its decoder that keeps no run, and the last loss."""
    loss = 0.0
    learner = Learner(network, Reconstruction(network, config, device), config)
    for number in range(steps):
        learner.set_rate(learning_rate_at(number, steps, 1.0), config.train.learning_rate)
        terms = learner.losses(*batches.at(number, device), number)
        learner.descend(terms)
        loss = float(sum(terms.values()).detach())
    return learner.result, loss


class Judge:
    """Trains and scores candidates; what they share is made once.

    Raises:
        UsageError, DataError, FormatError: the oracle or the pictures cannot be used.
    """

    def __init__(self, config: Config):
        self.device = fastest_device()
        self.config = with_precision(config, self.device)
        self.oracle = load_oracle(config).to(self.device)
        data = load_data(config, lambda stage, done, total: None)
        self.batches = make_batches(config, data, config.train.batch)
        nas = config.nas
        contents, styles, _ = read_pairs(nas.pairs, nas.height, nas.width, nas.judged)
        self.pairs = list(
            zip(to_tensor(contents).split(1), to_tensor(styles).split(1), strict=True)
        )
        self.wanted = [self._drawn(self.oracle, pair) for pair in self.pairs]

    def judge(self, genotype: Genotype) -> Judgement:
        """A candidate of the same genotype is judged the same."""
        torch.manual_seed(self.config.train.seed)
        network = candidate(genotype, self.oracle, self.config.data.size).to(self.device)
        if self.config.nas.inherit:
            inherit(network, self.oracle)
        network, loss = trained(
            network, self.config, self.batches, self.config.nas.steps, self.device
        )
        network.eval()
        errors, perceptions = [], []
        for pair, wanted in zip(self.pairs, self.wanted, strict=True):
            made = self._drawn(network, pair)
            errors.append(float(F.mse_loss(made, wanted)))
            with torch.no_grad():
                perceptions.append(float(feature_errors(self.oracle.encoder, made, wanted)))
        count = len(self.pairs)
        found = (sum(errors) / count, sum(perceptions) / count, loss)
        return Judgement(*(value if math.isfinite(value) else DIVERGED for value in found))

    @torch.no_grad()
    def _drawn(self, network: PhotoNetwork, pair: tuple[Tensor, Tensor]) -> Tensor:
        content, style = (picture.to(self.device) for picture in pair)
        return network(content, style).clamp(-1, 1)
