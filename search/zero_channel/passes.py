"""What an auto-encoder makes of pictures, so that one can look at its channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ...datasets import to_tensor
from ...networks.transfers import AdaIn


def drawn(network: nn.Module, pictures: np.ndarray) -> Iterator[tuple[Tensor, Tensor]]:
    """Every picture given back, and in the manner of the one before it; [1, 3, H, W] of -1..1.

    The manner is AdaIN's, whatever the network's own transform is: it keeps channels apart, so
    that what is left of a pruned network sees what it saw in the whole one. The first picture has
    its own manner.

    Args:
        network: with `encode` and `decode`, on the CPU.
        pictures: uint8 [N, H, W, 3], which stream one by one.
    """
    transfer, style = AdaIn(), None
    for picture in pictures:
        with torch.no_grad():
            x = network.encode(to_tensor(picture[None]))
            styled = transfer.between(x, x if style is None else style)
            made = tuple(network.decode(one).clamp(-1, 1) for one in (x, styled))
        style = x
        yield made  # outside, or gradients stay off for whoever asks
