"""An ONNX graph as a torch module of operators that phone GPUs run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from ..errors import PocketstyleError, first_line
from ..networks import Spec
from .onnx_operators import BY_NUMBERS, OPERATORS, REWRITTEN
from .onnx_patterns import PATTERNS, Node

REMEDIES = {  # of what people use, by operator
    "Cast": "export the network in float32, with a float32 input",
    "Erf": 'use nn.GELU("tanh") or another activation',
    "Gelu": 'use nn.GELU("tanh") or another activation',
    "GridSample": "no phone GPU samples by a grid; use a fixed resize",
    "LayerNormalization": "write it as means, differences and an rsqrt",
    "Loop": "unroll the loop before the export",
    "Softplus": "use another activation",
}


class UnknownFormError(PocketstyleError):
    """An operator, or a kind of one, that is not written here."""


FOREIGN = "foreign"  # the family of what has no spec here


class OnnxNetwork(nn.Module):
    """Runs the nodes of a graph with constant shapes: [1, 3, H, W] → a picture, channels first.

    Attributes:
        spec: of the family "foreign", and the frame.
        channels_first: whether the graph itself takes them so.
        rewritten: how often which operator took another form.
    """

    def __init__(self, model: onnx.ModelProto, places: Mapping[str, str]):
        """
        Args:
            places: of nodes, by the name of their first output: the module's path, or a name.

        Raises:
            UnknownFormError: an operator that is not known here, with its place.
        """
        super().__init__()
        graph = model.graph
        self.rewritten: Counter[str] = Counter()
        self.input, self.output = graph.input[0].name, graph.output[0].name
        axes = [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim]
        self.channels_first = axes[1] == 3
        height, width = axes[2:] if self.channels_first else axes[1:3]
        self.spec = Spec(FOREIGN, height, width, {}, ())
        constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.nodes: list[Node] = []
        for node in graph.node:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                constants[node.output[0]] = numpy_helper.to_array(given["value"])
                continue
            if node.op_type not in OPERATORS:
                place = places.get(node.output[0], node.name)
                remedy = REMEDIES.get(node.op_type, "express it by others (docs/converters.md)")
                raise UnknownFormError(
                    f"{place}: the operator {node.op_type} has no form here that phone GPUs run; "
                    f"{remedy}"
                )
            if node.op_type in REWRITTEN:
                self.rewritten[f"{node.op_type}: {REWRITTEN[node.op_type]}"] += 1
            self.nodes.append(Node(node.op_type, list(node.input), list(node.output), given))
        for what, rewrite in PATTERNS.items():
            if times := rewrite(self.nodes, constants):
                self.rewritten[what] += times
        used = {name for node in self.nodes for name in node.inputs} & constants.keys()
        self._buffer_of = {name: f"constant{i}" for i, name in enumerate(sorted(used))}
        for name, buffer in self._buffer_of.items():
            self.register_buffer(buffer, torch.from_numpy(np.array(constants[name])))
        self.steps = nn.ModuleDict()
        for node in self.nodes:
            place = places.get(node.outputs[0], node.outputs[0])
            self.steps[_name(place, self.steps)] = Step(node, place, constants)

    def forward(self, x: Tensor) -> Tensor:
        if self.channels_first:
            return self._run(x)
        return self._run(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def _run(self, x: Tensor) -> Tensor:
        """As the graph has it."""
        values: dict[str, Any] = {"": None, self.input: x}
        values |= {name: getattr(self, buffer) for name, buffer in self._buffer_of.items()}
        for node, step in zip(self.nodes, self.steps.values(), strict=True):
            made = step(*(values[name] for name in node.inputs))
            made = made if isinstance(made, tuple) else (made,)
            values |= dict(zip(node.outputs, made, strict=False))
        return values[self.output]


class Step(nn.Module):
    """One node, a module so that what it writes bears its name."""

    def __init__(self, node: Node, place: str, constants: Mapping[str, np.ndarray]):
        super().__init__()
        self.operator, self.attributes, self.place = node.operator, node.attributes, place
        self.numbers: dict[int, np.ndarray] = {}
        if node.operator in BY_NUMBERS:  # which have to be known when the graph is exported
            given = enumerate(node.inputs)
            self.numbers = {i: constants[name] for i, name in given if i and name in constants}

    def forward(self, *operands: Tensor | None) -> Tensor | tuple[Tensor, ...]:
        """As ONNX has it; operands that were left out are None.

        Raises:
            UnknownFormError: with attributes or operands that have no form here, with its place.
        """
        known = [self.numbers.get(i, operand) for i, operand in enumerate(operands)]
        try:
            return OPERATORS[self.operator](self.attributes, *known)
        except Exception as error:  # of operands that nobody thought of
            raise UnknownFormError(
                f"{self.place}: this {self.operator} has no form here: {first_line(error)}"
            ) from error


def _name(place: str, taken: nn.ModuleDict) -> str:
    """A name for a submodule, without dots, that is not taken."""
    plain = place.replace(".", "_").strip("/").replace("/", "_")
    return plain if plain not in taken else f"{plain}_{len(taken)}"
