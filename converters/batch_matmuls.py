"""Products of matrices as a phone's GPU wants them: four axes each, nothing copied on the way."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import opcode_to_name

AXES = 4
SWAPPED = [0, 1, 3, 2]  # the order of axes of a matrix turned over
PATIENT = {"RESHAPE", "ADD", "SUB", "MUL", "DIV", "BATCH_MATMUL"}  # of any number of leading 1s


def drop_copies(model: schema.ModelT) -> None:
    """Let every BATCH_MATMUL read and write four axes, without RESHAPE and TRANSPOSE around it.

    litert-torch takes leading axes of 1 off what is multiplied and puts them on again, and turns
    over what the operator can turn itself; each time a GPU copies a map. With three axes LiteRT's
    GPU delegate also puts all rows of a map into one, which no texture is wide enough for. The
    values stay the same.
    """
    for graph in model.subgraphs:
        for op in [op for op in graph.operators if _name(model, op) == "BATCH_MATMUL"]:
            left, right = (_without_reshape(model, graph, index) for index in op.inputs)
            if left == right:  # the delegate crashes where a tensor is both sides
                continue
            op.inputs = [left, right]
            turned = _maker(graph, left)
            if turned is not None and _turns(model, graph, turned):
                op.inputs, op.builtinOptions.adjX = [turned.inputs[0], right], True
            _give_axes(model, graph, op.outputs[0])
        _drop_unread(graph)


def _drop_unread(graph: schema.SubGraphT) -> None:
    used, kept = {*graph.outputs}, []
    for op in reversed(graph.operators):  # in order: who reads comes behind who writes
        if used.intersection(op.outputs):
            used.update(op.inputs)
            kept.append(op)
    graph.operators = kept[::-1]


def _without_reshape(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> int:
    """The tensor of which this one is a RESHAPE that only drops leading 1s; else itself."""
    op = _maker(graph, index)
    if op is not None and _name(model, op) == "RESHAPE":
        source = op.inputs[0]
        if len(graph.tensors[source].shape) == AXES and _alike(graph, source, index):
            return source
    return index


def _turns(model: schema.ModelT, graph: schema.SubGraphT, op: schema.OperatorT) -> bool:
    """Whether it is a TRANSPOSE of a matrix."""
    if _name(model, op) != "TRANSPOSE":
        return False
    order = model.buffers[graph.tensors[op.inputs[1]].buffer].data
    return order is not None and np.frombuffer(bytes(order), np.int32).tolist() == SWAPPED


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


def _maker(graph: schema.SubGraphT, index: int) -> schema.OperatorT | None:
    """The operator that writes a tensor; None of an input or a stored one."""
    return next((op for op in graph.operators if index in op.outputs), None)


def _alike(graph: schema.SubGraphT, one: int, other: int) -> bool:
    """Whether two tensors' shapes differ by leading 1s alone."""
    first, second = ([*graph.tensors[index].shape] for index in (one, other))
    longer, shorter = sorted((first, second), key=len, reverse=True)
    return longer == [1] * (len(longer) - len(shorter)) + shorter


def _name(model: schema.ModelT, op: schema.OperatorT) -> str:
    return opcode_to_name(model, op.opcodeIndex)
