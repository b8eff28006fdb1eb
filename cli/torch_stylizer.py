"""A network that takes a style, played by torch: pictures of any size, as they are."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch.nn import functional as F

from ..datasets import to_pictures, to_tensor
from ..errors import DataError, UsageError
from ..images import resize
from ..networks import ArtNetwork, PhotoNetwork
from ..networks.transfers import SandwichSwap, Statistics, blended, coloured
from ..sdk.styled import Styled
from ..sdk.whole_frames import WholeFrames
from .networks import stored

MULTIPLE = 16  # of which the network's sides are
STYLE_SIDE = 1024  # a style's statistics need no more; larger ones are shrunk
MOST_PIXELS = 8_000_000  # of a content: about 6 GB


class TorchStylizer(Styled, WholeFrames):
    """What `sdk.Stylizer` is to a bundle; it needs torch, and no fixed size.

    Attributes:
        name: of the network's card.
    """

    takes_style, draws_portraits = True, False

    def __init__(self, model: str, threads: int | None = None):
        """Args: threads: of torch; None leaves it as it is.

        Raises:
            UsageError: a network without a style.
        """
        super().__init__()
        if threads is not None:
            torch.set_num_threads(threads)
        network, card = stored(model)
        if not isinstance(network, ArtNetwork | PhotoNetwork):
            raise UsageError(
                f"{model} takes no style: convert it, and stylize with its bundle instead"
            )
        self.network, self.name = network.eval(), card.name

    def _encoded(self, rgb: np.ndarray) -> list[Statistics]:
        # resized to whole multiples: repeated edges would be a part of the style
        share = min(1.0, STYLE_SIDE / max(rgb.shape[:2]))
        height, width = (
            max(2, round(share * side / MULTIPLE)) * MULTIPLE for side in rgb.shape[:2]
        )
        with torch.no_grad():
            return self.network.encode_style(to_tensor(resize(rgb, width, height)[None]))

    def _coloured(self, texture: list[Statistics], colour: np.ndarray) -> list[Statistics]:
        if not isinstance(self.network.transfer, SandwichSwap):
            raise UsageError(f"{self.name} takes textures and colours from one picture")
        return [coloured(texture[0], self._encoded(colour)[0])]

    def stylize(self, rgb: np.ndarray, seconds: float | None = None) -> np.ndarray:
        """uint8[H, W, 3] → the same, at any time.

        Raises:
            DataError: the picture is too large for the memory that this may take.
        """
        height, width = rgb.shape[:2]
        if height * width > MOST_PIXELS:
            raise DataError(
                f"a picture of {width}x{height} is too large: {MOST_PIXELS // 10**6} megapixels "
                "at most; a bundle takes any"
            )
        content, (styles, alpha) = _padded(rgb), self._manner
        with torch.no_grad():
            made = sum(
                share * self.network.stylize(content, statistics) for statistics, share in styles
            )
        made = blended(made, content, alpha)
        return to_pictures(made)[0, :height, :width]

    def made_size(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def _padded(rgb: np.ndarray) -> torch.Tensor:
    """float32 [1, 3, H, W], the right and lower edge repeated up to sides of whole multiples."""
    x = to_tensor(rgb[None])
    height, width = (max(2 * MULTIPLE, side) for side in rgb.shape[:2])  # pads mirror, so two
    more = (-width % MULTIPLE + width - x.shape[3], -height % MULTIPLE + height - x.shape[2])
    return F.pad(x, (0, more[0], 0, more[1]), mode="replicate")
