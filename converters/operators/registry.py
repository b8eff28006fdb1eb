"""The list of ONNX's operators that are written here, filled by the files beside this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import PocketstyleError

Attributes = dict[str, Any]  # of a node, and "opset", the file's, and "outputs", how many it has
Write = Callable[..., Tensor | tuple[Tensor, ...]]


@dataclass(frozen=True)
class Form:
    """How one operator is written.

    Attributes:
        write: its attributes and operands to what it gives.
        becomes: in words; empty where it becomes TFLite's operator of the same meaning.
        numbers: operands behind the first that are constants come as arrays: shapes, axes and the
            like have to be known when the graph is exported.
        always: the form is another one whatever the attributes, which `convert` tells.
        lite_only: LiteRT's GPU delegate runs it, the older OpenCL and OpenGL one does not.
    """

    write: Write
    becomes: str = ""
    numbers: bool = False
    always: bool = False
    lite_only: bool = False


OPERATORS: dict[str, Form] = {}


def form(name: str, becomes: str = "", **kinds: bool) -> Callable[[Write], Write]:
    """Enter a function as the form of an operator; `kinds` are those of `Form`."""

    def enter(write: Write) -> Write:
        OPERATORS[name] = Form(write, becomes, **kinds)
        return write

    return enter


def numbers(value: np.ndarray | Tensor) -> list[int]:
    """The integers of an operand.

    Raises:
        PocketstyleError: they are computed from the picture.
    """
    return [int(n) for n in known(value, "sizes, axes or indices").reshape(-1)]


def known(value: np.ndarray | Tensor, what: str) -> np.ndarray:
    """An operand that has to be a constant.

    Raises:
        PocketstyleError: it is computed from the picture.
    """
    if isinstance(value, Tensor):
        raise PocketstyleError(f"with {what} that it computes; export it with constant ones")
    return value


def constant(values: np.ndarray) -> Tensor:
    """Stored with the graph, float32."""
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
