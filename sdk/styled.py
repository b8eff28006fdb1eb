"""What every player of style networks knows of the style pictures that it draws by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UsageError


class Styled:
    """Keeps the statistics of styles, their weights and alpha; a player says how to compute them.

    `_manner` are the statistics of each style with its share of 1, none before a style is set, and
    alpha; replaced as a whole, so that a thread that plays sees both of one style.
    """

    def __init__(self) -> None:
        self._manner: tuple[list[tuple[Any, float]], float] = ([], 1.0)

    def set_style(
        self, rgb: np.ndarray, alpha: float = 1.0, colour: np.ndarray | None = None
    ) -> None:
        """Draw in the manner of this picture from now on; its statistics are computed once.

        Args:
            rgb: uint8[H, W, 3] of any size; a bundle sees the whole of it, as a square.
            alpha: 0..1, how much of what the network makes is laid over the content.
            colour: a picture likewise whose colours come in place of `rgb`'s, of a network that
                tells them from textures.

        Raises:
            UsageError: the network takes no style, or no colours of their own, or a picture or
                `alpha` is not as above.
        """
        check_alpha(alpha)
        statistics = self._encoded(rgb)
        if colour is not None:
            statistics = self._coloured(statistics, colour)
        self._manner = [(statistics, 1.0)], alpha

    def set_styles(
        self, pictures: Sequence[np.ndarray], weights: Sequence[float], alpha: float = 1.0
    ) -> None:
        """Draw in the manners of several pictures at once: what each would give, averaged.

        Args:
            pictures: as `set_style`'s; a frame takes as many times as long as there are.
            weights: above 0; their sum counts as 1.
            alpha: as in `set_style`.

        Raises:
            UsageError: as in `set_style`, or there is no weight above 0 for each picture.
        """
        check_alpha(alpha)
        check_weights(len(pictures), weights)
        styles = [self._encoded(rgb) for rgb in pictures]
        shares = [weight / sum(weights) for weight in weights]
        self._manner = list(zip(styles, shares, strict=True)), alpha

    def clear_style(self) -> None:
        """Forget the style, as before the first one was set."""
        self._manner = ([], 1.0)

    def _encoded(self, rgb: np.ndarray) -> Any:
        """What is kept of a style picture."""
        raise NotImplementedError

    def _coloured(self, texture: Any, colour: np.ndarray) -> Any:
        """The statistics of a texture with the colours of a picture."""
        raise NotImplementedError


def check_alpha(alpha: float) -> None:
    """Raise UsageError unless `alpha` is a share."""
    if not 0 <= alpha <= 1:
        raise UsageError(f"alpha is {alpha}; it is 0 (the content) to 1 (the style's manner)")


def check_weights(pictures: int, weights: Sequence[float]) -> None:
    """Raise UsageError unless there is a weight above 0 for each of so many styles."""
    if (
        not pictures
        or len(weights) != pictures
        or not all(0 < weight < math.inf for weight in weights)
    ):
        raise UsageError(f"a weight above 0 for each of {pictures} styles, not {list(weights)}")
