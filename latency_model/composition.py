"""From the sum S of its kernels' times to a network's time: a + b S, or a + b S + c √S.

The root, which grows more slowly than S, is what short networks pay in addition: they leave a
phone's GPU at low clocks. It is used where it predicts families of networks that were left out
better than the line does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .roofline import gauss_newton
from .runtimes import Numbers

HUBER = 0.05  # log error from which a network counts less
PULL = 1e-3  # to the start, so that a term that is not there can vanish without harm


@dataclass(frozen=True)
class Composition:
    """A network of kernel times S takes `a_ms + b * S + c * sqrt(S)` milliseconds."""

    a_ms: float
    b: float
    c: float

    def __call__(self, total: float | Numbers) -> float | Numbers:
        return self.a_ms + self.b * total + self.c * np.sqrt(total)

    def slope(self, total: float) -> float:
        """Its derivative; total > 0."""
        return self.b + self.c / (2 * np.sqrt(total))


def fit_composition(sums: Numbers, ms: Numbers, families: Sequence[str]) -> Composition:
    """The form and its coefficients, all of them positive.

    Args:
        sums: [N], kernel times of N networks. ms: [N], the networks' times.
        families: [N], which of them are kin.
    """
    member = np.array(families)
    errors = []
    for root in (False, True):
        left_out = np.empty(len(ms))
        for family in np.unique(member):
            rest = member != family
            found = _fit(sums[rest], ms[rest], root)
            left_out[~rest] = np.abs(found(sums[~rest]) / ms[~rest] - 1)
        errors.append(left_out.mean())
    return _fit(sums, ms, root=errors[1] < errors[0])


def _fit(sums: Numbers, ms: Numbers, root: bool) -> Composition:
    terms = np.stack([np.ones_like(sums), sums, np.sqrt(sums)][: 3 if root else 2], axis=1)
    start = np.log([ms.min() / 10, np.median(ms / sums), 0.1][: terms.shape[1]])

    def residuals(logs: Numbers) -> tuple[Numbers, Numbers]:
        parts = terms * np.exp(logs)
        total = parts.sum(1)
        error = np.concatenate([np.log(total / ms), PULL * (logs - start)])
        return error, np.concatenate([parts / total[:, None], PULL * np.eye(len(logs))])

    found = np.exp(gauss_newton(residuals, start, HUBER)[1])
    return Composition(float(found[0]), float(found[1]), float(found[2]) if root else 0.0)
