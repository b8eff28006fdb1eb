"""Products of matrices."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Attributes, form


@form("MatMul")
def _matmul(a: Attributes, x: Tensor, y: Tensor) -> Tensor:
    return x @ y


@form("Gemm")
def _gemm(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    x = x.T if a.get("transA") else x
    weight = a.get("alpha", 1.0) * (weight if a.get("transB") else weight.T)
    if bias is None:
        return F.linear(x, weight)
    bias = a.get("beta", 1.0) * bias
    if bias.numel() == weight.shape[0]:
        return F.linear(x, weight, bias.reshape(-1))
    return F.linear(x, weight) + bias


@form("Einsum", "products of matrices")
def _einsum(a: Attributes, *operands: Tensor) -> Tensor:
    return torch.einsum(a["equation"].decode(), *operands)
