"""Clamps as phone GPUs know them."""

from __future__ import annotations

import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

B = schema.BuiltinOperator


def plain_clamps(model: schema.ModelT) -> None:
    """Write every RELU_0_TO_1, which no GPU delegate runs, as a MINIMUM and a RELU.

    Converters make one of any clamp to 0..1, the last layer of most networks of such values.
    """
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    if B.RELU_0_TO_1 not in codes:
        return
    number = codes.index(B.RELU_0_TO_1)
    one = len(model.buffers)
    model.buffers.append(schema.BufferT(data=np.frombuffer(np.float32(1).tobytes(), np.uint8)))
    minimum = _code(model, codes, B.MINIMUM)
    relu = _code(model, codes, B.RELU)
    for graph in model.subgraphs:
        operators = []
        for op in graph.operators:
            if op.opcodeIndex != number:
                operators.append(op)
                continue
            limit = schema.TensorT(
                name=b"one", shape=[], type=schema.TensorType.FLOAT32, buffer=one
            )
            below = copy.copy(graph.tensors[op.outputs[0]])
            below.buffer = 0  # that of what is computed
            graph.tensors += [limit, below]
            last = len(graph.tensors) - 1
            operators += [
                schema.OperatorT(
                    opcodeIndex=minimum,
                    inputs=[op.inputs[0], last - 1],
                    outputs=[last],
                    builtinOptionsType=schema.BuiltinOptions.MaximumMinimumOptions,
                    builtinOptions=schema.MaximumMinimumOptionsT(),
                ),
                schema.OperatorT(opcodeIndex=relu, inputs=[last], outputs=list(op.outputs)),
            ]
        graph.operators = operators


def _code(model: schema.ModelT, codes: list[int], wanted: int) -> int:
    """The number of an operator's code in a model, entered where it is not there."""
    if wanted not in codes:
        codes.append(wanted)
        model.operatorCodes.append(
            schema.OperatorCodeT(deprecatedBuiltinCode=wanted, builtinCode=wanted, version=1)
        )
    return codes.index(wanted)
