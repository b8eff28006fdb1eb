"""Kernel inception distance (Bińkowski et al. 2018, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import UsageError


def kid(
    real: Tensor, fake: Tensor, subsets: int, subset_size: int, seed: int
) -> tuple[float, float]:
    """Squared maximum mean discrepancy between two sets of pictures, from their features.

    The kernel is (xᵀy / D + 1)³, the estimate is the unbiased one, so that its mean does not
    depend on N (FID's does) and may lie below 0; its deviation falls with the size of the subsets.
    Papers often print 100 times this. As for FID, features of 768 and of 2048 channels give
    figures that do not compare.

    Args:
        real, fake: [N, D] and [M, D].
        subsets: how many pairs of random subsets, each without repetition, are compared.
        subset_size: pictures of each set in one subset, 2 to min(N, M). At N all subsets are the
            same and the deviation says nothing.
        seed: of the drawing.

    Returns:
        Mean and standard deviation (of `subsets`, not of one less) over the subsets.

    Raises:
        UsageError: a subset has fewer than two pictures or more than there are, or features of
            different length.
    """
    if not 2 <= subset_size <= min(len(real), len(fake)):
        raise UsageError(
            f"KID of subsets of {subset_size} pictures; allowed are 2 to the smaller set, "
            f"here of {min(len(real), len(fake))}"
        )
    if real.shape[1] != fake.shape[1]:
        raise UsageError(f"KID of features of {real.shape[1]} and of {fake.shape[1]} channels")
    generator = torch.Generator().manual_seed(seed)

    def draw(features: Tensor) -> Tensor:
        chosen = torch.randperm(len(features), generator=generator)[:subset_size]
        return features[chosen].double()

    found = torch.stack([_discrepancy(draw(real), draw(fake)) for _ in range(subsets)])
    return float(found.mean()), float(found.std(correction=0))


def _discrepancy(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate of MMD² (Gretton et al. 2012, equation 3) for [m, D] and [m, D]."""
    m = len(x)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(a: Tensor) -> Tensor:
        k = kernel(a, a)
        return (k.sum() - k.diagonal().sum()) / (m * (m - 1))  # a picture with itself left out

    return within(x) + within(y) - 2 * kernel(x, y).mean()
