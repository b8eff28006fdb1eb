"""The 1€ filter: steady where a signal rests, quick where it moves."""

from __future__ import annotations

import math


class OneEuro:
    """A low-pass filter of first order whose cutoff grows with the signal's speed.

    Casiez, Roussel and Vogel, "1€ filter: a simple speed-based low-pass filter for noisy input in
    interactive systems", CHI 2012, algorithm 1; samples may come at any intervals.
    """

    def __init__(self, min_cutoff: float, beta: float, derivative_cutoff: float = 1.0) -> None:
        """
        Args:
            min_cutoff: Hz, above 0, of a signal at rest; the lower, the steadier.
            beta: Hz per unit of the signal and second; the higher, the smaller the lag.
            derivative_cutoff: Hz, of the speed.
        """
        self.min_cutoff, self.beta, self.derivative_cutoff = min_cutoff, beta, derivative_cutoff
        self._value: float | None = None
        self._speed = self._seconds = 0.0

    def __call__(self, value: float, seconds: float) -> float:
        """The filtered value; the first sample, and one at the time of the last, changes nothing.

        Args:
            value: of the signal.
            seconds: when it was sampled, no earlier than the last.
        """
        if self._value is None:
            self._value, self._seconds = value, seconds
        step = seconds - self._seconds
        if step > 0:
            speed = (value - self._value) / step
            self._speed += _weight(step, self.derivative_cutoff) * (speed - self._speed)
            cutoff = self.min_cutoff + self.beta * abs(self._speed)
            self._value += _weight(step, cutoff) * (value - self._value)
            self._seconds = seconds
        return self._value


def _weight(step: float, cutoff: float) -> float:
    """Of a new sample: alpha = 1 / (1 + tau / step), tau = 1 / (2 pi cutoff)."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))
