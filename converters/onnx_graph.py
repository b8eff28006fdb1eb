"""An ONNX graph as lists and dictionaries that patterns rewrite."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

Constants = dict[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


@dataclass
class Node:
    """One operator, the names of what it reads and writes, and its attributes."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


def only_readers(nodes: list[Node]) -> dict[str, Node]:
    """By name of a value that is read once: who reads it."""
    times = Counter(name for node in nodes for name in node.inputs)
    return {name: node for node in nodes for name in node.inputs if times[name] == 1}


def scalar(constants: Constants, name: str) -> float | None:
    """A constant of one number; None of anything else."""
    value = constants.get(name)
    return float(value.item()) if value is not None and value.size == 1 else None
