"""What a measurement says, and when it has been repeated often enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

# 97.5 % quantiles of Student's t for 2, 3, ... rounds
STUDENT_T = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201)
MIN_ROUNDS, MAX_ROUNDS = 3, len(STUDENT_T) + 1
TIGHT = 0.03  # half width of the interval, of the mean


@dataclass(frozen=True)
class Measurement:
    """Latency of one model on one device.

    Attributes:
        device: the phone's model and serial number, or the host.
        backend: "adb-gpu" or "litert-cpu".
        rounds_ms: mean time of one picture in each round, milliseconds.
        operators_ms: by node type, of the last round; empty where the runtime does not say.
    """

    device: str
    backend: str
    rounds_ms: tuple[float, ...]
    operators_ms: dict[str, float]

    @property
    def ms(self) -> float:
        """Mean of the rounds, milliseconds."""
        return mean(self.rounds_ms)

    @property
    def half_width_ms(self) -> float:
        """Half of the 95 % interval of the mean, milliseconds."""
        return half_width(self.rounds_ms)


def half_width(rounds: Sequence[float]) -> float:
    """Half of Student's 95 % interval of the mean of 2 to `MAX_ROUNDS` rounds."""
    return STUDENT_T[len(rounds) - 2] * stdev(rounds) / len(rounds) ** 0.5


def repeat_until_tight(one_round: Callable[[], float]) -> tuple[float, ...]:
    """Rounds until the 95 % interval is within 3 % of the mean, at most `MAX_ROUNDS`."""
    rounds = [one_round() for _ in range(MIN_ROUNDS)]
    while half_width(rounds) > TIGHT * mean(rounds) and len(rounds) < MAX_ROUNDS:
        rounds.append(one_round())
    return tuple(rounds)
