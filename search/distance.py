"""How close a generator's pictures come to a domain: FID and KID, with N."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ..datasets import to_pictures, to_tensor
from ..metrics import features, features_2048, fid, kid
from .hardware import fastest_device
from .run_directory import Report

BATCH = 16
# As torch-fidelity and torchmetrics draw them; of small sets half, so that subsets differ.
KID_SUBSETS, KID_SUBSET_SIZE, KID_SEED = 100, 1000, 0


@torch.no_grad()
def translate(
    generator: nn.Module,
    pictures: np.ndarray,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> np.ndarray:
    """uint8[N, S, S, 3] → the generator's pictures of them, likewise."""
    device = fastest_device()
    generator = generator.to(device)
    made = []
    for start in range(0, len(pictures), BATCH):
        x = to_tensor(pictures[start : start + BATCH]).to(device)
        made.append(to_pictures(generator(x)))
        report(start + len(x), len(pictures))
    return np.concatenate(made)


def distances(
    extractor: nn.Module,
    target: np.ndarray,
    candidates: Mapping[str, np.ndarray],
    report: Report = lambda stage, done, total: None,
    wide: nn.Module | None = None,
) -> dict[str, Any]:
    """Distances of sets of pictures to the target's, each by its name.

    Args:
        extractor: `metrics.load_inception`.
        target: uint8[N, S, S, 3].
        candidates: uint8[M, S, S, 3] by name; M is the same for all, as FID falls with it.
        wide: `metrics.load_inception_2048`, for the figures of 2048 channels as well.
    """
    device = fastest_device()
    looks = {768: partial(features, extractor.to(device))}
    if wide is not None:
        looks[2048] = partial(features_2048, wide.to(device))
    (count,) = {len(pictures) for pictures in candidates.values()}
    subset_size = min(KID_SUBSET_SIZE, min(len(target), count) // 2)
    found: dict[str, Any] = {name: {} for name in candidates}
    for channels, look in looks.items():
        real = look(target, BATCH, partial(report, f"look at target, {channels}"))
        for name, pictures in candidates.items():
            fake = look(pictures, BATCH, partial(report, f"look at {name}, {channels}"))
            mean, deviation = kid(real, fake, KID_SUBSETS, subset_size, KID_SEED)
            found[name] |= {
                f"fid_{channels}": fid(real, fake),
                f"kid_{channels}_x100": 100 * mean,
                f"kid_{channels}_x100_deviation": 100 * deviation,
            }
    return {
        "n": {"source": count, "target": len(target)},
        **found,
        "kid_subsets": KID_SUBSETS,
        "kid_subset_size": subset_size,
    }
