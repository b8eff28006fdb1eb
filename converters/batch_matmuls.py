"""Products of single matrices as a phone's GPU wants them: four axes each, no RESHAPE between."""

from __future__ import annotations

import math

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import opcode_to_name

AXES = 4
PATIENT = {"RESHAPE", "ADD", "SUB", "MUL", "DIV", "BATCH_MATMUL"}  # of any number of leading 1s


def drop_reshapes(model: schema.ModelT) -> None:
    """Let every product of single matrices read and write four axes, without RESHAPEs around it.

    litert-torch takes leading axes of 1 off what is multiplied and puts them on again; each time a
    GPU copies a matrix. The values stay the same. Products of several matrices stay as they are:
    LiteRT's GPU delegate crashes where one with four axes multiplies a tensor by itself.
    """
    for graph in model.subgraphs:
        for op in [op for op in graph.operators if _name(model, op) == "BATCH_MATMUL"]:
            if math.prod(graph.tensors[op.outputs[0]].shape[:-2]) > 1:
                continue
            op.inputs = [_without_reshape(model, graph, index) for index in op.inputs]
            _give_axes(model, graph, op.outputs[0])
        used = {index for op in graph.operators for index in op.inputs} | {*graph.outputs}
        graph.operators = [op for op in graph.operators if used.intersection(op.outputs)]


def _without_reshape(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> int:
    """The tensor of which this one is a RESHAPE that only drops leading 1s; else itself."""
    for op in graph.operators:
        if index in op.outputs and _name(model, op) == "RESHAPE":
            source = op.inputs[0]
            if len(graph.tensors[source].shape) == AXES and _alike(graph, source, index):
                return source
    return index


def _give_axes(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> None:
    """Leading 1s for a product; those who read it behind a RESHAPE that adds them read it."""
    readers = [op for op in graph.operators if index in op.inputs]
    if index in graph.outputs or not {_name(model, op) for op in readers} <= PATIENT:
        return
    tensor = graph.tensors[index]
    tensor.shape = [1] * (AXES - len(tensor.shape)) + [*tensor.shape]
    for reshape in readers:
        out = reshape.outputs[0]
        if _name(model, reshape) != "RESHAPE" or out in graph.outputs:
            continue
        if [*graph.tensors[out].shape] == [*tensor.shape]:
            for op in graph.operators:
                op.inputs = [index if read == out else read for read in op.inputs]


def _alike(graph: schema.SubGraphT, one: int, other: int) -> bool:
    """Whether two tensors' shapes differ by leading 1s alone."""
    first, second = ([*graph.tensors[index].shape] for index in (one, other))
    longer, shorter = sorted((first, second), key=len, reverse=True)
    return longer == [1] * (len(longer) - len(shorter)) + shorter


def _name(model: schema.ModelT, op: schema.OperatorT) -> str:
    return opcode_to_name(model, op.opcodeIndex)
