"""How close a generator comes to known answers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ..datasets import PictureSet, to_tensor
from ..metrics import ssim

BATCH = 16


@torch.no_grad()
def quality_to_truth(
    generator: nn.Module | None, source: PictureSet, truth: PictureSet
) -> dict[str, float]:
    """Mean SSIM and L1 (in [-1, 1] units) of the generator's output to the truth.

    Args:
        generator: None measures the untouched input.
    """
    total = {"ssim_to_truth": 0.0, "l1_to_truth": 0.0}
    device = "cpu" if generator is None else next(generator.parameters()).device
    for start in range(0, len(source), BATCH):
        x = to_tensor(source.pictures[start : start + BATCH]).to(device)
        y = to_tensor(truth.pictures[start : start + BATCH]).to(device)
        made = x if generator is None else generator(x)
        total["ssim_to_truth"] += float(ssim(made, y).sum())
        total["l1_to_truth"] += float(F.l1_loss(made, y)) * len(x)
    return {name: value / len(source) for name, value in total.items()}
