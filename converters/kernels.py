"""The kernels of a TFLite file, by part of the network: what it costs, without its network."""

from __future__ import annotations

import math
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from ..errors import FormatError, first_line
from ..latency_model.kernel import WITH_WEIGHTS, Kernel
from .flatbuffer import DAMAGED, graph_of, is_weight_cast, read_model

Shape = tuple[int, int, int]  # rows, columns, channels


def kernels_of_file(path: str | Path, signature: str | None = None) -> dict[str, list[Kernel]]:
    """Every operator that runs, as `network.kernels()` would list it.

    A part is the module that a tensor's name begins with, where litert-torch has left it there;
    what has no such name belongs to the part before it.

    Args:
        signature: the graph [the first].

    Raises:
        FormatError: the file is damaged.
    """
    model = read_model(Path(path).read_bytes())
    found: dict[str, list[Kernel]] = {}
    part = "network"
    try:
        graph = graph_of(model, signature)
        for op in graph.operators:
            if not is_weight_cast(model, graph, op):
                part = _part(graph.tensors[op.outputs[0]].name.decode(errors="replace")) or part
                found.setdefault(part, []).append(_kernel(model, graph, op))
    except DAMAGED as error:
        raise FormatError(f"{path} is damaged: {first_line(error)}") from error
    return found


def stored_values(path: str | Path) -> int:
    """How many numbers a file's convolutions and products have: weights and biases."""
    model = read_model(Path(path).read_bytes())
    sizes: dict[int, int] = {}  # by buffer: graphs share them
    for graph in model.subgraphs:
        cast = {op.outputs[0]: op.inputs[0] for op in graph.operators if len(op.inputs) == 1}
        weighed = [op for op in graph.operators if _name(model, op) in WITH_WEIGHTS]
        for index in (index for op in weighed for index in op.inputs if index >= 0):
            source = index if _constant(model, graph, index) else cast.get(index, index)
            if _constant(model, graph, source):
                tensor = graph.tensors[source]
                sizes[tensor.buffer] = math.prod(tensor.shape)
    return sum(sizes.values())


def _name(model: schema.ModelT, op: schema.OperatorT) -> str:
    return flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)


def _part(name: str) -> str:
    """ "stem/conv:64" → "stem"."""
    module, slash, _ = name.partition("/")
    return module.partition(":")[0] if slash or ":" in module else ""


def _kernel(model: schema.ModelT, graph: schema.SubGraphT, op: schema.OperatorT) -> Kernel:
    name = _name(model, op)
    h, w, cout = _shape(graph, op.outputs[0])
    given = [i for i in dict.fromkeys(op.inputs) if i >= 0 and not _constant(model, graph, i)]
    cin, k, stride, groups = _shape(graph, given[0])[2] if given else cout, 1, 1, 1
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        _, k, _, depth = graph.tensors[op.inputs[1]].shape
        stride = op.builtinOptions.strideW
        groups = cin if name == "DEPTHWISE_CONV_2D" else cin // depth
    elif name == "TRANSPOSE_CONV":
        cin, k = _shape(graph, op.inputs[2])[2], graph.tensors[op.inputs[1]].shape[1]
        stride = op.builtinOptions.strideW
    elif name in ("MEAN", "SUM", "REDUCE_MAX"):
        rows, columns, _ = _shape(graph, given[0])
        k = rows * columns // (h * w) if name == "MEAN" else 1
    elif name in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        k, stride = op.builtinOptions.filterWidth, op.builtinOptions.strideW
    elif name == "BATCH_MATMUL":
        rows, columns = graph.tensors[op.inputs[0]].shape[-2:]
        cin = int(rows if op.builtinOptions.adjX else columns)
    elif name in ("SUB", "MUL", "DIV") or (name == "ADD" and h == 1):
        cin = cout  # one of them may be a single number
    elif name in ("ADD", "CONCATENATION"):
        maps = [_shape(graph, i) for i in given]
        cin = sum(channels for rows, columns, channels in maps if (rows, columns) == (h, w))
    return Kernel(name, cin, cout, k, stride, groups, h, w)


def _shape(graph: schema.SubGraphT, index: int) -> Shape:
    """A tensor as a map: what is missing of it is 1."""
    shape = [int(side) for side in graph.tensors[index].shape]
    *_, h, w, c = [1, 1, 1, *shape]
    return h, w, c


def _constant(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> bool:
    return model.buffers[graph.tensors[index].buffer].data is not None
