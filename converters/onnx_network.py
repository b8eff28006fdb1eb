"""An ONNX graph as a torch module of operators that phone GPUs run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from ..errors import PocketstyleError, first_line
from .onnx_file import DOMAINS
from .onnx_graph import Constants, Node, Shapes
from .onnx_patterns import PATTERNS
from .onnx_reference import OnnxReference
from .operators import OPERATORS, OTHERWISE, WAYS_OUT

STEADY = ("Conv", "ConvTranspose")  # litert-torch gets them wrong unless weights are constant


class UnknownFormError(PocketstyleError):
    """An operator, or a kind of one, that is not written here."""


class OnnxNetwork(nn.Module):
    """Runs the nodes of a graph with constant shapes: [1, 3, H, W] → a picture, channels first.

    Attributes:
        reference: the file, as onnxruntime plays it.
        spec, channels_first: the reference's.
        rewritten: how often which operator took another form.
        remark: what makes the rule of its values doubtful, or None.
    """

    def __init__(self, reference: OnnxReference):
        """
        Raises:
            UnknownFormError: an operator that is not known here, with its place.
            PocketstyleError: onnxruntime refuses the network.
        """
        super().__init__()
        self.reference, self.spec = reference, reference.spec
        self.remark: str | None = None
        self.channels_first = reference.channels_first
        model = reference.folded()
        places = reference.places(model)
        graph = model.graph
        self.input, self.output = graph.input[0].name, graph.output[0].name
        constants, self.nodes = _parts(model, places)
        if self.output not in {name for node in self.nodes for name in node.outputs}:
            raise UnknownFormError("its output does not depend on the picture")
        self.rewritten: Counter[str] = Counter()
        shapes = _shapes(model)
        for what, rewrite in PATTERNS.items():
            if times := rewrite(self.nodes, constants, shapes):
                self.rewritten[what] += times
        for node in self.nodes:
            if OPERATORS[node.operator].always:
                self.rewritten[f"{node.operator}: {OPERATORS[node.operator].becomes}"] += 1
        read = {name for node in self.nodes for name in node.inputs} | {self.output}
        used = read & constants.keys()
        self._buffer_of = {name: f"constant{i}" for i, name in enumerate(sorted(used))}
        for name, buffer in self._buffer_of.items():
            self.register_buffer(buffer, torch.from_numpy(np.array(constants[name])))
        self.steps = nn.ModuleDict()
        for i, node in enumerate(self.nodes):
            place = places.get(node.outputs[0], node.outputs[0])
            # a number first: "values" and the like are methods of the dictionary
            plain = re.sub(r"\W+", "_", place, flags=re.ASCII).strip("_")
            self.steps[f"{i}_{plain}"] = Step(node, place, constants, read)

    def forward(self, x: Tensor) -> Tensor:
        if self.channels_first:
            return self._run(x)
        return self._run(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def _run(self, x: Tensor) -> Tensor:
        """As the graph has it."""
        return self.values(x)[self.output]

    def values(self, x: Tensor) -> dict[str, Any]:
        """Of all that the graph names."""
        values: dict[str, Any] = {"": None, self.input: x}
        values |= {name: getattr(self, buffer) for name, buffer in self._buffer_of.items()}
        for node, step in zip(self.nodes, self.steps.values(), strict=True):
            made = step(*(values[name] for name in node.inputs))
            made = made if isinstance(made, tuple) else (made,)
            values |= dict(zip(node.outputs, made, strict=False))
        return values

    def beside_reference(self, values: np.ndarray) -> Iterator[tuple[str, str, Any, np.ndarray]]:
        """Node by node: place, operator, what is made of a picture here and by onnxruntime.

        Args:
            values: float32[1, S, S, 3].
        """
        x = torch.from_numpy(values.transpose(0, 3, 1, 2) if self.channels_first else values)
        with torch.no_grad():
            here = self.values(x.contiguous())
        steps = zip(self.nodes, self.steps.values(), strict=True)
        names = {node.outputs[0]: step for node, step in steps}
        for name, wanted in self.reference.values_inside(x.numpy(), list(names)).items():
            yield names[name].place, names[name].operator, here[name].numpy(), wanted


class Step(nn.Module):
    """One node, a module so that what it writes bears its name."""

    def __init__(
        self, node: Node, place: str, constants: Mapping[str, np.ndarray], read: Collection[str]
    ):
        """
        Args:
            read: names of the values that other nodes take.

        Raises:
            UnknownFormError: of weights that are computed.
        """
        super().__init__()
        self.operator, self.attributes, self.place = node.operator, node.attributes, place
        self._last_read = max((i for i, name in enumerate(node.outputs) if name in read), default=0)
        if node.operator in STEADY and node.inputs[1] not in constants:
            raise UnknownFormError(
                f"{place}: this {node.operator} has weights that the network computes; phone GPUs "
                "take constant ones: scale the channels around it instead"
            )
        self.numbers: dict[int, np.ndarray] = {}
        if OPERATORS[node.operator].numbers:
            given = enumerate(node.inputs)
            self.numbers = {i: constants[name] for i, name in given if i and name in constants}

    def forward(self, *operands: Tensor | None) -> Tensor | tuple[Tensor, ...]:
        """As ONNX has it; operands that were left out are None.

        Raises:
            UnknownFormError: with attributes or operands that have no form here, with its place.
        """
        known = [self.numbers.get(i, operand) for i, operand in enumerate(operands)]
        try:
            made = OPERATORS[self.operator].write(self.attributes, *known)
        except Exception as error:  # of operands that nobody thought of
            raise UnknownFormError(
                f"{self.place}: this {self.operator} has no form here: {first_line(error)}"
            ) from error
        if self._last_read >= (len(made) if isinstance(made, tuple) else 1):
            raise UnknownFormError(
                f"{self.place}: this {self.operator} has no form here: its output number "
                f"{self._last_read + 1} is read"
            )
        return made


def _parts(model: onnx.ModelProto, places: Mapping[str, str]) -> tuple[Constants, list[Node]]:
    """Constants and nodes of a graph.

    Raises:
        UnknownFormError: an operator that is not known here, with its place.
    """
    opset = next(one.version for one in model.opset_import if one.domain in DOMAINS)
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type not in OPERATORS or node.domain not in DOMAINS:
            name = ".".join(part for part in (node.domain, node.op_type) if part)
            raise UnknownFormError(
                f"{places.get(node.output[0], node.name)}: the operator {name} has no form here "
                f"that phone GPUs run; {WAYS_OUT.get(node.op_type, OTHERWISE)}"
            )
        given |= {"opset": opset, "outputs": len(node.output)}
        nodes.append(Node(node.op_type, list(node.input), list(node.output), given))
    return constants, nodes


def _shapes(model: onnx.ModelProto) -> Shapes:
    """Of what is known of a graph's values; patterns that need one leave alone what has none."""
    try:
        inferred = onnx.shape_inference.infer_shapes(model).graph
    except Exception:  # of an operator that its own opset calls deprecated
        return {}
    return {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
        if all(axis.dim_value for axis in value.type.tensor_type.shape.dim)
    }
