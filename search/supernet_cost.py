"""A supernet's cost as a function of its masks, cheap enough for every step of a search.

What a kernel list says besides channel counts and gates never changes, and the counts are linear:
each is a sum of widths (2 C where two maps are added), each share a gate's open state. So the
kernels are listed once; a step costs two small matrix products and the speed model on stacked
numbers, whatever the number of layers (benchmarks/search_step.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..latency_model import SpeedModel
from ..latency_model.differentiable import stack_numbers, total_of
from ..latency_model.speed_model import columns
from ..networks import searchable


class SupernetCost:
    """Call it for the cost of a supernet's present masks.

    Attributes:
        widths, gates: the search space (`searchable`).
        unit: of the cost, as settings and metrics name it.
    """

    unit: ClassVar[str]

    def __init__(self, supernet: nn.Module):
        """Args: supernet: after `start_search`."""
        self.widths, self.gates = searchable(supernet)
        self.kernels = list(supernet.kernels())
        values = columns(self.kernels)
        parameters = [width.v for width in self.widths] + [gate.alpha for gate in self.gates]
        self._slopes = _slopes(values, parameters)
        with torch.no_grad():
            self._constants = stack_numbers(values) - self._slopes @ self._open()

    def __call__(self) -> Tensor:
        """The cost of one picture: scalar, float64, differentiable in v and alpha."""
        return self.of(self._slopes @ self._open() + self._constants)

    @torch.no_grad()
    def predict(self) -> float:
        """The same as a number."""
        return float(self())

    def of(self, values: Tensor) -> Tensor:
        """The cost of the kernels with these `columns`."""
        raise NotImplementedError

    def told(self, cost: float) -> str:
        """A cost in words."""
        raise NotImplementedError

    def _open(self) -> Tensor:
        """Channels of each width and open states of the gates, on the CPU, where the model is."""
        opened = [width.count for width in self.widths] + [gate.open for gate in self.gates]
        return torch.stack(opened).to(device="cpu", dtype=torch.float64)


class SupernetLatency(SupernetCost):
    """Milliseconds on a device."""

    unit = "ms"

    def __init__(self, supernet: nn.Module, device: str):
        """Args: device: as `SpeedModel.load` takes it."""
        super().__init__(supernet)
        self.device = device
        self.model = SpeedModel.load(device)
        self._priced = self.model.priced(self.kernels)

    def of(self, values: Tensor) -> Tensor:
        return total_of(self._priced, values)

    def told(self, cost: float) -> str:
        return f"{cost:.2f} ms on {self.device}"


class SupernetMacs(SupernetCost):
    """Millions of multiply-accumulates: what a search without a phone's measurements can use."""

    unit = "mmacs"

    def __init__(self, supernet: nn.Module):
        super().__init__(supernet)
        ones = (replace(kernel, cin=1, cout=1, share=1.0) for kernel in self.kernels)
        self._millions = stack_numbers([kernel.macs / 1e6 for kernel in ones])
        self._alone = torch.tensor([one.op == "DEPTHWISE_CONV_2D" for one in self.kernels])

    def of(self, values: Tensor) -> Tensor:
        cin, cout, share = values.reshape(3, -1)
        return (self._millions * cin.where(~self._alone, 1.0) * cout * share).sum()

    def told(self, cost: float) -> str:
        return f"{cost:.1f} MMACs"


def _slopes(values: Sequence[float | Tensor], parameters: Sequence[nn.Parameter]) -> Tensor:
    """How much of each width's count, or gate's open state, is in each value. [values, parameters].

    By straight-through gradients, which are 1 for every entry of v and for alpha_2 (eq. 6 and 9).
    """
    rows: dict[int, list[float]] = {}
    for value in values:
        if id(value) in rows:
            continue
        gradients: Sequence[Tensor | None] = [None] * len(parameters)
        if isinstance(value, Tensor):
            gradients = torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
        rows[id(value)] = [0.0 if g is None else float(g[-1]) for g in gradients]
    return torch.tensor([rows[id(value)] for value in values], dtype=torch.float64)
