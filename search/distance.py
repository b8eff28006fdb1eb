"""How close a generator's pictures come to a domain: FID and KID of 768 channels, with N."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..datasets import to_pictures, to_tensor
from ..metrics import features, fid, kid
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
) -> dict[str, Any]:
    """Distances of sets of pictures to the target's, each by its name.

    Args:
        extractor: `metrics.load_inception`.
        target: uint8[N, S, S, 3].
        candidates: uint8[M, S, S, 3] by name; M is the same for all, as FID falls with it.
    """
    extractor = extractor.to(fastest_device())

    def look(name: str, pictures: np.ndarray) -> Tensor:
        return features(extractor, pictures, BATCH, partial(report, f"look at {name}"))

    real = look("target", target)
    (count,) = {len(pictures) for pictures in candidates.values()}
    subset_size = min(KID_SUBSET_SIZE, min(len(target), count) // 2)
    found: dict[str, Any] = {}
    for name, pictures in candidates.items():
        fake = look(name, pictures)
        mean, deviation = kid(real, fake, KID_SUBSETS, subset_size, KID_SEED)
        found[name] = {
            "fid_768": fid(real, fake),
            "kid_768_x100": 100 * mean,
            "kid_768_x100_deviation": 100 * deviation,
        }
    return {
        "n": {"source": count, "target": len(target)},
        **found,
        "kid_subsets": KID_SUBSETS,
        "kid_subset_size": subset_size,
    }
