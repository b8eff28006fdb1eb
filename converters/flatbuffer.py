"""A TFLite file as an object tree, and back."""

from __future__ import annotations

import math
import struct

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from ..errors import FormatError, first_line

IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # bytes; the schema's force_align of Buffer.data, which its Python code leaves out


# what flatbuffers' Python code raises where it reads something else than it expects
DAMAGED = (struct.error, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


def read_model(tflite: bytes) -> schema.ModelT:
    """Unpack a TFLite file; buffers stored after the flatbuffer are resolved into the tree.

    Raises:
        FormatError: it is damaged.
    """
    try:
        return flatbuffer_utils.read_model_from_bytearray(tflite)
    except DAMAGED as error:
        raise FormatError(f"the TFLite file is damaged: {first_line(error)}") from error


def write_model(model: schema.ModelT) -> bytes:
    """Pack a model, every buffer inside the flatbuffer and aligned."""
    for buffer in model.buffers:
        buffer.__class__ = _AlignedBuffer
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def graph_of(model: schema.ModelT, signature: str | None = None) -> schema.SubGraphT:
    """The graph that a signature runs; None takes the first one."""
    if signature is None:
        return model.subgraphs[0]
    (signed,) = (s for s in model.signatureDefs if s.signatureKey.decode() == signature)
    return model.subgraphs[signed.subgraphIndex]


def operators(model: schema.ModelT, signature: str | None = None) -> tuple[str, ...]:
    """The operators' names in order, as `Kernel.op` writes them; custom ones by their own code.

    Dequantizations of stored weights are left out: runtimes do them once, while loading.
    """
    graph = graph_of(model, signature)
    return tuple(
        flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)
        for op in graph.operators
        if not is_weight_cast(model, graph, op)
    )


def is_weight_cast(model: schema.ModelT, graph: schema.SubGraphT, op: schema.OperatorT) -> bool:
    name = flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)
    return name == "DEQUANTIZE" and (
        model.buffers[graph.tensors[op.inputs[0]].buffer].data is not None
    )


def macs(model: schema.ModelT, signature: str | None = None) -> float:
    """Multiply-accumulates of one run, as `Kernel.macs` counts them: convolutions, dense layers."""
    graph, total = graph_of(model, signature), 0.0
    for op in graph.operators:
        name = flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            positions = op.outputs[0]
        elif name == "TRANSPOSE_CONV":  # every value of its input meets a whole kernel
            positions = op.inputs[2]
        else:
            continue
        *places, _ = graph.tensors[positions].shape
        total += math.prod(places) * math.prod(graph.tensors[op.inputs[1]].shape)
    return float(total)


def weight_types(model: schema.ModelT) -> dict[str, int]:
    """Bytes of stored values by their type, "FLOAT32" and so on."""
    names = {value: name for name, value in vars(schema.TensorType).items() if name.isupper()}
    # graphs share buffers, and then have them as the same type
    types = {tensor.buffer: tensor.type for graph in model.subgraphs for tensor in graph.tensors}
    found: dict[str, int] = {}
    for buffer, kind in types.items():
        data = model.buffers[buffer].data
        if data is not None:
            found[names[kind]] = found.get(names[kind], 0) + len(data)
    return found


class _AlignedBuffer(schema.BufferT):
    def Pack(self, builder: flatbuffers.Builder) -> int:
        data = None
        if self.data is not None:
            data = _aligned_bytes(builder, bytes(self.data))
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def _aligned_bytes(builder: flatbuffers.Builder, data: bytes) -> int:
    builder.StartVector(1, len(data), ALIGNMENT)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return builder.EndVector()
