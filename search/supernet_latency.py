"""A supernet's latency as a function of its masks, cheap enough for every step of a search.

What a kernel list says besides channel counts and gates never changes, and the counts are linear:
each is a sum of widths (2 C where two maps are added), each share a gate's open state. So the
kernels are listed once; a step costs two small matrix products and the speed model on stacked
numbers, whatever the number of layers (benchmarks/search_step.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..latency_model import SpeedModel
from ..latency_model.speed_model import columns, stack_numbers
from ..networks import searchable


class SupernetLatency:
    """Call it for the milliseconds of a supernet's present masks on one device.

    Attributes:
        widths, gates: the search space (`searchable`).
    """

    def __init__(self, supernet: nn.Module, device: str):
        """Args: supernet: after `start_search`; device: as `SpeedModel.load` takes it."""
        self.widths, self.gates = searchable(supernet)
        kernels = list(supernet.kernels())
        self.model = SpeedModel.load(device)
        self._priced = self.model.priced(kernels)
        values = columns(kernels)
        parameters = [width.v for width in self.widths] + [gate.alpha for gate in self.gates]
        self._slopes = _slopes(values, parameters)
        with torch.no_grad():
            self._constants = stack_numbers(values) - self._slopes @ self._open()

    def __call__(self) -> Tensor:
        """Milliseconds for one picture: scalar, float64, differentiable in v and alpha."""
        values = self._slopes @ self._open() + self._constants
        return self._priced.total(values)

    @torch.no_grad()
    def predict(self) -> float:
        """The same as a number."""
        return float(self())

    def _open(self) -> Tensor:
        """Channels of each width and open states of the gates, on the CPU, where the model is."""
        opened = [width.count for width in self.widths] + [gate.open for gate in self.gates]
        return torch.stack(opened).to(device="cpu", dtype=torch.float64)


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
