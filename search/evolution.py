"""Ageing evolution over genotypes (Real et al. 2019; StyleNAS, An et al. 2020), asynchronous.

A population of the youngest, each member scored; the best of a random sample is mutated by one bit,
and whoever is oldest goes. Workers ask for a genotype when they are free and tell its score when
they know it, in any order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from ..networks import Genotype


@dataclass(frozen=True)
class Scored:
    """A genotype and how good it is: less is better."""

    genotype: Genotype
    score: float


class Evolution:
    """Which genotype to look at next.

    What is asked for depends on the seed, its number and what has been told until then, so that a
    search goes on from its history.

    Attributes:
        population: the youngest, at most as many as it may hold.
    """

    def __init__(self, size: int, sample: int, seed: int, history: Iterable[Scored] = ()):
        """
        Args:
            size: of the population; so many are drawn by chance to begin with.
            sample: members, drawn with replacement, of which the best has a child.
            history: what was told before, oldest first.
        """
        self.size, self.sample, self.seed = size, sample, seed
        self.population: deque[Scored] = deque(maxlen=size)
        self.asked = 0
        for one in history:
            self.asked += 1
            self.tell(one)

    def ask(self) -> Genotype:
        """The next one: by chance at first, then a child."""
        random = Random(f"{self.seed} {self.asked}")
        self.asked += 1
        if self.asked <= self.size or not self.population:
            return Genotype.random(random)
        sample = random.choices(self.population, k=self.sample)
        return min(sample, key=lambda one: one.score).genotype.mutated(random)

    def tell(self, scored: Scored) -> None:
        """A score; the oldest member goes where there are too many."""
        self.population.append(scored)


class RandomSearch:
    """The control: every genotype by chance."""

    def __init__(self, seed: int, history: Iterable[Scored] = ()):
        self.seed, self.asked = seed, sum(1 for _ in history)

    def ask(self) -> Genotype:
        random = Random(f"{self.seed} {self.asked}")
        self.asked += 1
        return Genotype.random(random)

    def tell(self, scored: Scored) -> None:
        """Nothing is learnt."""
