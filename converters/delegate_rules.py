"""A second opinion: what TFLite's OpenCL/OpenGL delegate says to a graph, by its static rules.

The rules are those by which the delegate itself decides before it compiles (TensorFlow,
lite/tools/versioning/gpu_compatibility.cc, read in 2026), for the operators of picture networks. An
operator that is not listed there runs on the CPU, and every change between CPU and GPU copies maps.
The WebGPU gate compiles and runs the graph and has the first word; phones without WebGPU use this
delegate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from .flatbuffer import graph_of
from .frames import too_large

T = schema.TensorType
FLOATS = (T.FLOAT32, T.FLOAT16)

# fmt: off
ALWAYS = frozenset((  # in any form that a picture network has them in
    "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DENSIFY", "DEPTH_TO_SPACE",
    "DEPTHWISE_CONV_2D", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG",
    "LOGISTIC", "ABS", "CEIL", "COS", "NEG", "SIGN", "SIN", "MAX_POOL_2D", "PACK", "PRELU",
    "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SOFTMAX", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQRT",
    "SQUARE", "TANH", "TILE", "TRANSPOSE", "TRANSPOSE_CONV", "DIV", "EQUAL", "FLOOR_DIV",
    "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "MAXIMUM", "MINIMUM",
    "NOT_EQUAL", "POW", "SQUARED_DIFFERENCE", "SUB",
))
# fmt: on


class Operator:
    """One operator of a graph with its tensors.

    Attributes:
        inputs, outputs: the tensors, absent ones left out.
        constant: for each input, whether its values are in the file.
    """

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT):
        self.name = flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex)
        self.options = operator.builtinOptions
        self.inputs = [graph.tensors[i] for i in operator.inputs if i >= 0]
        self.outputs = [graph.tensors[i] for i in operator.outputs]
        self.constant = [model.buffers[t.buffer].data is not None for t in self.inputs]


def refusals(model: schema.ModelT, signature: str | None = None) -> dict[str, int]:
    """What the delegate would leave to the CPU and why, with how often; empty where nothing."""
    graph = graph_of(model, signature)
    operators = (Operator(model, graph, one) for one in graph.operators)
    reasons = ((operator.name, _reason(operator)) for operator in operators)
    return dict(Counter(f"{name}: {reason}" for name, reason in reasons if reason))


def _reason(operator: Operator) -> str | None:
    wide = [t for t in (*operator.inputs, *operator.outputs) if len(_shape(t)) > 4]
    if wide:
        return "tensors of more than four axes"
    if any(len(shape) == 4 and too_large(*shape[1:]) for shape in map(_shape, operator.outputs)):
        return "maps larger than a texture"
    if operator.name in ALWAYS:
        return None
    rule = RULES.get(operator.name)
    return rule(operator) if rule else "not an operator of the delegate"


def _cast(operator: Operator) -> str | None:
    source, target = operator.inputs[0].type, operator.outputs[0].type
    numbers = (T.FLOAT32, T.INT32)
    fine = (
        (source == T.BOOL and target in FLOATS)
        or (source in FLOATS and target == T.BOOL)
        or (source in numbers and target in numbers)
    )
    return None if fine else "only between bool, int32 and float"


def _dequantize(operator: Operator) -> str | None:
    return "of int16" if operator.inputs[0].type == T.INT16 else None


def _reduction(operator: Operator) -> str | None:
    fine = len(operator.constant) > 1 and operator.constant[1]
    return None if fine else "axes that are not constant"


def _broadcast(operator: Operator) -> str | None:
    a, b = (_shape(tensor) for tensor in operator.inputs[:2])
    if operator.name == "MUL" and len(a) == len(b):
        smaller = any(x < y for x, y in zip(a, b, strict=True))
        larger = any(x > y for x, y in zip(a, b, strict=True))
        return "each side is smaller along some axis" if smaller and larger else None
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    fine = all(x == y or 1 in (x, y) for x, y in zip(longer, padded, strict=True))
    return None if fine else f"broadcasting {list(a)} with {list(b)}"


def _padding(operator: Operator) -> str | None:
    if operator.name == "MIRROR_PAD" and operator.options.mode != schema.MirrorPadMode.REFLECT:
        return "only reflected"
    return None if _shape(operator.inputs[1]) in ((3, 2), (4, 2)) else "of other than 3 or 4 axes"


def _slice(operator: Operator) -> str | None:
    if len(_shape(operator.inputs[0])) not in (3, 4):
        return "of other than 3 or 4 axes"
    options = operator.options
    if operator.name == "STRIDED_SLICE" and (
        options.ellipsisMask or options.newAxisMask or options.shrinkAxisMask
    ):
        return "with an ellipsis, a new axis or a dropped one"
    return None


def _dense(operator: Operator) -> str | None:
    return "a constant input" if operator.constant[0] else None


def _gather(operator: Operator) -> str | None:
    return None if len(_shape(operator.inputs[1])) == 1 else "indices of more than one axis"


def _select(operator: Operator) -> str | None:
    fine = all(t.type in FLOATS for t in operator.inputs[1:])
    return None if fine else "of other than floats"


def _shape(tensor: schema.TensorT) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(n) for n in tensor.shape)


RULES: dict[str, Callable[[Operator], str | None]] = {
    "ADD": _broadcast,
    "CAST": _cast,
    "DEQUANTIZE": _dequantize,
    "FULLY_CONNECTED": _dense,
    "GATHER": _gather,
    "MEAN": _reduction,
    "MIRROR_PAD": _padding,
    "MUL": _broadcast,
    "PAD": _padding,
    "PADV2": _padding,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "REDUCE_PROD": _reduction,
    "SELECT": _select,
    "SELECT_V2": _select,
    "SLICE": _slice,
    "STRIDED_SLICE": _slice,
    "SUM": _reduction,
}
