"""Timing several models side by side on a computer whose speed drifts and jumps.

All of a batch run in turns (R A B C … R A B C …), and each round's times count in units of the
reference R in that round. On a shared processor that other programs slowed by a tenth at times,
this reproduced a block's time to 3 % (standard deviation), the plain mean of as many rounds to 9 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from ..latency_model.measuring.measurement import MAX_ROUNDS, TIGHT, half_width
from ..latency_model.measuring.this_computer import Runner

MIN_ROUNDS = 5
BURST_MS, BURST_RUNS = 10.0, 3  # a round runs a model for so long and so often, at least
OUTLIER = 1.5  # times the median of the rounds


def interleave(reference: Runner, others: Sequence[Runner]) -> list[tuple[float, ...]]:
    """The kept rounds of the reference and of each other model, milliseconds.

    A round is the median of a burst of runs; those of the others are scaled to the reference's
    mean. A model is done when the 95 % interval of its kept rounds is within 3 % of their mean,
    after 5 to 12 rounds. Rounds more than 1.5 times above or below a model's median are dropped:
    another program ran in them.
    """
    for run in (reference, *others):
        _burst(run)  # warm up
    unit: list[float] = []
    relative: list[list[float]] = [[] for _ in others]
    for done in range(MAX_ROUNDS):
        unfinished = [i for i, found in enumerate(relative) if done < MIN_ROUNDS or _loose(found)]
        if not unfinished:
            break
        unit.append(_burst(reference))
        for i in unfinished:
            relative[i].append(_burst(others[i]) / unit[-1])
    unit = kept(unit)
    return [tuple(unit), *(tuple(mean(unit) * r for r in kept(found)) for found in relative)]


def kept(rounds: Sequence[float]) -> list[float]:
    """The rounds within a factor of 1.5 of their median; all of them where most are not."""
    middle = median(rounds)
    near = [value for value in rounds if middle / OUTLIER <= value <= middle * OUTLIER]
    return near if len(near) > len(rounds) / 2 else list(rounds)


def _loose(rounds: Sequence[float]) -> bool:
    good = kept(rounds)
    return half_width(good) > TIGHT * mean(good)


def _burst(run: Runner) -> float:
    times: list[float] = []
    while len(times) < BURST_RUNS or sum(times) < BURST_MS:
        times.append(run())
    return median(times)
