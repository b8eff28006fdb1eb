"""A network whose pictures are bytes: what a camera gives goes straight in, pixels come out.

The ends of the graph become DEQUANTIZE and QUANTIZE of uint8 tensors that hold pixel / std. Both
the phone GPU delegates take these (a CAST from bytes the older one does not), and QUANTIZE rounds
and clips.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from .flatbuffer import read_model, write_model


def take_bytes(tflite: bytes, std: float) -> bytes:
    """A file of signatures with one picture in and one out, with uint8 instead of float32.

    Args:
        tflite: takes and gives pixel / std; the mean is the graphs' own matter.
        std: of the rule `network value = (pixel - mean) / std`.
    """
    model = read_model(tflite)
    for signed in model.signatureDefs:
        _take_bytes(model, signed, std)
    return write_model(model)


def _take_bytes(model: schema.ModelT, signed: schema.SignatureDefT, std: float) -> None:
    graph = model.subgraphs[signed.subgraphIndex]
    (content,), (stylized,) = graph.inputs, graph.outputs
    operator = schema.BuiltinOperator
    pixels_in, pixels_out = (_bytes_like(graph, index, std) for index in (content, stylized))
    graph.inputs, graph.outputs = [pixels_in], [pixels_out]
    to_float = _operator(model, operator.DEQUANTIZE, pixels_in, content)
    to_bytes = _operator(model, operator.QUANTIZE, stylized, pixels_out)
    graph.operators = [to_float, *graph.operators, to_bytes]
    signed.inputs[0].tensorIndex, signed.outputs[0].tensorIndex = pixels_in, pixels_out


def _bytes_like(graph: schema.SubGraphT, index: int, std: float) -> int:
    """A new uint8 tensor in the place of this one, which gets another name."""
    floats, pixels = graph.tensors[index], schema.TensorT()
    pixels.name, floats.name = floats.name, floats.name + b"_normalised"
    pixels.shape, pixels.shapeSignature = floats.shape, floats.shapeSignature
    pixels.type, pixels.buffer = schema.TensorType.UINT8, 0  # the empty buffer
    pixels.quantization = schema.QuantizationParametersT()
    pixels.quantization.scale, pixels.quantization.zeroPoint = [1 / std], [0]
    graph.tensors.append(pixels)
    return len(graph.tensors) - 1


def _operator(model: schema.ModelT, builtin: int, source: int, target: int) -> schema.OperatorT:
    codes = [code.builtinCode for code in model.operatorCodes]
    if builtin not in codes:
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = builtin, 1
        code.deprecatedBuiltinCode = builtin  # both are below 127
        model.operatorCodes.append(code)
        codes.append(builtin)
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = codes.index(builtin), [source], [target]
    return made
