"""Muon: momentum whose matrices are orthogonalised before they are taken off the weights.

Adam scales every number by itself; a few directions of a weight matrix then take most of a step.
Muon (Jordan et al. 2024) gives all its singular directions the same length. torch.optim.Muon takes
matrices only and iterates in bfloat16, which many CPUs emulate; this one takes convolutions.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

QUINTIC = (3.4445, -4.7750, 2.0315)  # steep at zero, within [0.7, 1.2] after five rounds
ROUNDS = 5
ADAMS_SIZE = 0.2  # root mean square of Adam's usual step in units of its rate (Liu et al. 2025)


class Muon(torch.optim.Optimizer):
    """For weights [O, I, kH, kW], seen as matrices [O, I·kH·kW]; Nesterov momentum.

    Args:
        lr: as Adam's: the step's root mean square is 0.2 times that.
    """

    def __init__(self, weights: Iterable[nn.Parameter], lr: float, momentum: float = 0.95):
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        """One step for every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                gradient, momentum = weight.grad, state["momentum"]
                momentum.lerp_(gradient, 1 - group["momentum"])
                update = gradient.lerp(momentum, group["momentum"]).flatten(1)
                size = ADAMS_SIZE * max(update.shape) ** 0.5
                weight.add_(orthogonalised(update).view(weight.shape), alpha=-group["lr"] * size)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Nearly U Vᵀ of the singular value decomposition U S Vᵀ, float[R, C], by matrix products.

    Each round of the iteration is x ← (a + b·x xᵀ + c·(x xᵀ)²) x. The factors commute, so they are
    gathered on the small square matrices and meet x once.
    """
    a, b, c = QUINTIC
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp(min=torch.finfo(wide.dtype).tiny)
    gram = wide @ wide.T
    product = identity = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    for left in reversed(range(ROUNDS)):
        factor = torch.addmm(torch.add(a * identity, gram, alpha=b), gram, gram, alpha=c)
        product = factor @ product
        if left:
            gram = factor @ gram @ factor
    result = product @ wide
    return result if matrix.shape[0] <= matrix.shape[1] else result.T
