"""What a run shows of itself: the same few pictures every so often, and what becomes of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..datasets import Batches, Prefetch
from .config import Config

SAMPLES = 8  # pictures in a row


def shown_pictures(batches: Batches | Prefetch, device: torch.device) -> tuple[Tensor, Tensor]:
    """Sources and targets of the first batches: float32 [SAMPLES, 3, H, W] in [-1, 1] each."""
    pairs = [batches.at(step, device) for step in range(SAMPLES)]
    x, y = (torch.cat(pictures)[:SAMPLES] for pictures in zip(*pairs, strict=True))
    return x, y


@torch.no_grad()
def sample_rows(
    config: Config, generator: nn.Module, x: Tensor, y: Tensor, teacher: nn.Module | None = None
) -> dict[str, Tensor]:
    """The rows of a sample sheet by their names: [N, 3, H, W] in [-1, 1] each.

    Args:
        teacher: of a distillation.
    """
    if config.train.objective == "stylize":
        pairs = zip(x.split(1), y.split(1), strict=True)
        return {"input": x, "style": y, "output": torch.cat([generator(*pair) for pair in pairs])}
    rows = {"input": x, "output": generator(x)}
    if teacher is not None:
        rows["teacher"] = teacher(x)
    if config.train.objective == "paired":
        rows["target"] = y
    elif config.train.objective == "unpaired":
        rows["target (other pictures)"] = y
    return rows
