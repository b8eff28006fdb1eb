"""Style transfer by optimising a picture (Gatys et al. 2016), with any trunk's features.

What ArtNet's authors chose their trunk by: it needs no decoder, so no decoder's training decides.
"""

from __future__ import annotations

import torch
from pocketstyle.metrics import gram_loss
from pocketstyle.networks.art import Trunk, VggTrunk
from torch import Tensor

STEPS, RATE = 60, 0.04
STYLE, SMOOTH = 1.0, 2.0  # against a content's weight of 1


def drawn_by_optimisation(trunk: Trunk | VggTrunk, content: Tensor, style: Tensor) -> Tensor:
    """A picture of the content's last map and the style's Gram matrices, from the content on.

    Args:
        content, style: [1, 3, S, S] of -1..1.
    """
    with torch.no_grad():
        wanted, styles = trunk(content)[-1], trunk(style)
    made = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([made], RATE)
    for _ in range(STEPS):
        maps = trunk(made)
        kept = (maps[-1] - wanted).square().mean() / wanted.square().mean()
        rough = sum(made.diff(dim=axis).square().mean() for axis in (2, 3))
        loss = kept + STYLE * gram_loss(maps, styles).mean() + SMOOTH * rough
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            made.clamp_(-1, 1)
    return made.detach()
