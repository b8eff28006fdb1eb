"""How far a prediction may be off: 90 % intervals, measured on what a fit had not seen.

A launch's half width is the 90 % quantile of abs(log(measured / predicted)) over held-out
measurements like it: convolutions or others, and near to or far from the centres of the residual.
Launches out of the measured range get the widest of those, or the quantile of large ones predicted
from small ones, which lay about an octave away, and as much again for every further octave;
operators that were never measured get that of the bandwidth-and-launch prior on the rows that it
rests on. A network's half width is that of held-out networks, and what its unmeasured and
out-of-range launches may be off, all of them in one direction, is added in quadrature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .digits import digits
from .features import PATH
from .runtimes import Numbers

LEVEL = 0.9
CONVOLUTIONS = [
    PATH[name]
    for name in (
        *("conv_1x1", "conv_3x3", "conv_strided", "conv_large", "conv_constants"),
        *("winograd", "grouped", "depthwise"),
    )
]


@dataclass(frozen=True)
class Intervals:
    """Half widths of 90 % intervals of log(measured / predicted).

    Attributes:
        closeness: two edges between the regions far, middle and near.
        convolution, other: half widths in those regions.
        beyond: of launches outside the measured range.
        prior: of operators that were never measured.
        network: of whole networks.
    """

    closeness: tuple[float, float]
    convolution: tuple[float, float, float]
    other: tuple[float, float, float]
    beyond: float
    prior: float
    network: float

    def of_launches(
        self,
        path: NDArray[np.int64],
        closeness: Numbers,
        beyond: Numbers,
        unmeasured: NDArray[np.bool_],
    ) -> Numbers:
        """Half widths, [N].

        Args:
            beyond: [N], octaves that a launch is out of range; 0 within.
            unmeasured: [N], whether it is priced by the prior.
        """
        region = np.digitize(closeness, self.closeness)
        is_convolution = np.isin(path, CONVOLUTIONS)
        found = np.where(
            is_convolution, np.array(self.convolution)[region], np.array(self.other)[region]
        )
        far = max(self.beyond, *self.convolution, *self.other) * np.maximum(beyond, 1)
        found = np.where(beyond > 0, far, found)
        return np.where(unmeasured, np.maximum(self.prior, found), found)

    def of_network(
        self, times: Numbers, half_widths: Numbers, doubtful: NDArray[np.bool_]
    ) -> float:
        """Args: times, half_widths: [N], of its launches. doubtful: [N], unmeasured or far away."""
        if not times.sum():
            return self.network
        doubt = (times * half_widths)[doubtful].sum() / times.sum()
        return float(np.hypot(self.network, doubt))


def fit_intervals(
    path: NDArray[np.int64],
    closeness: Numbers,
    error: Numbers,
    others: Mapping[str, Numbers],
) -> Intervals:
    """Intervals from log(measured / predicted) of what was held out.

    Args:
        path, closeness, error: [N], of launches.
        others: errors for `beyond`, `prior` and `network`, of any number each.
    """
    edges = tuple(digits(np.quantile(closeness, (1 / 3, 2 / 3)), 3).tolist())
    region = np.digitize(closeness, edges)
    is_convolution = np.isin(path, CONVOLUTIONS)

    def quantiles(kind: NDArray[np.bool_]) -> tuple[float, float, float]:
        found = [half_width(error[kind & (region == one)], error) for one in range(3)]
        return tuple(found)

    wide = {name: half_width(one, error) for name, one in others.items()}
    return Intervals(edges, quantiles(is_convolution), quantiles(~is_convolution), **wide)


def half_width(error: Numbers, otherwise: Numbers) -> float:
    """The level's quantile of abs(error); of `otherwise` where there are too few to say."""
    known = error if len(error) >= 20 else otherwise
    return float(digits(np.quantile(np.abs(known), LEVEL), 3))


def coverage(error: Numbers, half_widths: Numbers | float) -> float:
    """Share of errors within their half widths."""
    return round(float((np.abs(error) <= half_widths).mean()), 3)
