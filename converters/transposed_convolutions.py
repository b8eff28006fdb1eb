"""Transposed convolutions as a phone's GPU delegate takes them: without an activation inside.

TFLite can fuse an activation into TRANSPOSE_CONV since the operator's version 4; the GPU delegate
takes versions up to 3. An activation of its own costs nothing there, since the delegate fuses it
with the kernel before it.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import opcode_to_name

NONE = schema.ActivationFunctionType.NONE
ACTIVATIONS = {
    schema.ActivationFunctionType.RELU: schema.BuiltinOperator.RELU,
    schema.ActivationFunctionType.RELU6: schema.BuiltinOperator.RELU6,
    schema.ActivationFunctionType.RELU_N1_TO_1: schema.BuiltinOperator.RELU_N1_TO_1,
    schema.ActivationFunctionType.TANH: schema.BuiltinOperator.TANH,
}
VERSION = 3  # the newest that the GPU delegate takes


def split_activations(model: schema.ModelT) -> None:
    """Give every fused activation of a TRANSPOSE_CONV an operator of its own; values stay."""
    for graph in model.subgraphs:
        operators = []
        for op in graph.operators:
            operators.append(op)
            if opcode_to_name(model, op.opcodeIndex) != "TRANSPOSE_CONV":
                continue
            fused = op.builtinOptions.fusedActivationFunction
            if fused != NONE:
                op.builtinOptions.fusedActivationFunction = NONE
                operators.append(_activation(model, graph, op, ACTIVATIONS[fused]))
        graph.operators = operators
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.TRANSPOSE_CONV:
            code.version = min(code.version, VERSION)


def _activation(
    model: schema.ModelT, graph: schema.SubGraphT, op: schema.OperatorT, builtin: int
) -> schema.OperatorT:
    """An operator that writes what `op` wrote; `op` writes a new tensor, which it reads."""
    (written,) = op.outputs
    tensor = graph.tensors[written]
    before = schema.TensorT()
    before.name, before.type, before.shape = tensor.name + b"/linear", tensor.type, tensor.shape
    before.shapeSignature, before.buffer = tensor.shapeSignature, 0
    graph.tensors.append(before)
    op.outputs = [len(graph.tensors) - 1]
    made = schema.OperatorT()
    made.opcodeIndex = _code(model, builtin)
    made.inputs, made.outputs = list(op.outputs), [written]
    return made


def _code(model: schema.ModelT, builtin: int) -> int:
    """The index of an operator's code, which is added where it is missing."""
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = builtin, 1
    code.deprecatedBuiltinCode = min(builtin, 127)
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
