"""What a conversion that failed has failed on, in one line."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from ..errors import PocketstyleError, first_line
from .litert import by_litert
from .onnx_network import OnnxNetwork

_OPERATOR = re.compile(r"operation '\w+\.([\w.]+)'")  # of what the lowering says


def blamed(network: nn.Module, error: Exception) -> PocketstyleError:
    """An error that says why litert-torch does not convert a network.

    Of a network of others, it names the first operator with which the network up to there does
    not convert either, and its module's path.
    """
    found = _OPERATOR.search(str(error))
    why = f"it becomes {found[1].upper()}" if found else first_line(error)
    if isinstance(network, OnnxNetwork) and (place := _first_failing(network)) is not None:
        step = list(network.steps.values())[place]
        return PocketstyleError(
            f"{network.reference.source}: {step.place}: litert-torch does not convert this "
            f"{step.operator} ({why}); write it in other operators, or try --route onnx2tf"
        )
    return PocketstyleError(f"could not convert: litert-torch refuses the network: {why}")


def _first_failing(network: OnnxNetwork) -> int | None:
    """By halving: which node cannot be added to those before it; None where each one can."""
    works, fails = -1, len(network.nodes) - 1
    if _converts(network, fails):
        return None
    while fails - works > 1:
        middle = (works + fails) // 2
        if _converts(network, middle):
            works = middle
        else:
            fails = middle
    return fails


def _converts(network: OnnxNetwork, last: int) -> bool:
    picture = torch.zeros(network.reference.shape(network.spec.frame))
    try:
        by_litert({"part": (_UpTo(network, last), (picture,))})
    except Exception:  # whatever the libraries raise
        return False
    return True


class _UpTo(nn.Module):
    """A network's nodes up to one, and its first value."""

    def __init__(self, network: OnnxNetwork, last: int):
        super().__init__()
        self.network, self.last = network, last

    def forward(self, x: Tensor) -> Tensor:
        value = self.network.values(x)[self.network.nodes[self.last].outputs[0]]
        return value.float() if value.dtype == torch.bool else value
