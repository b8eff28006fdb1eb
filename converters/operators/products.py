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


@form("Einsum", "products of matrices, or of values that belong together")
def _einsum(a: Attributes, *operands: Tensor) -> Tensor:
    equation = a["equation"].decode().replace(" ", "")
    terms, _, made = equation.partition("->")
    x, *y = terms.split(",")
    plain = made and "." not in equation and all(len(set(t)) == len(t) for t in (x, *y))
    if plain and len(y) == 1 and set(x) & set(y[0]) <= set(made):
        return _product(x, y[0], made, *operands)
    return torch.einsum(equation, *operands)


def _product(first: str, second: str, made: str, x: Tensor, y: Tensor) -> Tensor:
    """An Einsum that sums no axis of both, which torch makes products of matrices of side 1."""
    factors = []
    for term, operand in ((first, x), (second, y)):
        kept = [axis for axis in made if axis in term]
        over = [i for i, axis in enumerate(term) if axis not in made]
        operand = operand.sum(over) if over else operand
        rest = [axis for axis in term if axis in made]
        operand = operand.permute([rest.index(axis) for axis in kept])
        factors.append(operand[tuple(slice(None) if axis in term else None for axis in made)])
    return factors[0] * factors[1]
