"""The speed model as torch sees it: milliseconds with gradients in channel counts and gates."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .speed_model import Priced


def total(priced: Priced, values: Sequence[float | Tensor]) -> Tensor:
    """Milliseconds of a kernel list: a scalar with gradients.

    Args:
        values: what `columns` lists; float64 where one of the tensors is, else float32 comes out.
    """
    double = any(isinstance(v, Tensor) and v.dtype == torch.float64 for v in values)
    return total_of(priced, stack_numbers(values)).to(torch.float64 if double else torch.float32)


def total_of(priced: Priced, values: Tensor) -> Tensor:
    """The same of stacked values: scalar, float64, on the CPU.

    Args:
        values: [3 K].
    """
    ms, slopes = priced.total(values.detach().numpy().reshape(3, -1))
    result = torch.tensor(ms, dtype=torch.float64)
    if not values.requires_grad:
        return result
    # value and gradient by hand: a linear function that is 0 here and has these slopes
    return result + (torch.from_numpy(slopes.ravel()) * (values - values.detach())).sum()


def stack_numbers(values: Sequence[float | Tensor]) -> Tensor:
    """Numbers and scalar tensors as one float64 tensor on the CPU, as long as `values`."""
    rows = [
        value.reshape(()).to(device="cpu", dtype=torch.float64)
        if isinstance(value, Tensor)
        else torch.tensor(float(value), dtype=torch.float64)
        for value in values
    ]
    return torch.stack(rows) if rows else torch.zeros(0, dtype=torch.float64)
