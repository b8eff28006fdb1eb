"""How large a network's values become: phone GPUs compute in float16, which ends at 65504."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..quiet import quiet
from ..sdk.bundle import Signature
from .flatbuffer import graph_of, read_model

FLOAT16_MAX = 65504.0


@dataclass(frozen=True)
class Range:
    """The largest value of a graph.

    Attributes:
        tensor: its name, the module's path in the network.
        max_abs: over all pictures.
        share: of what float16 can hold.
    """

    tensor: str
    max_abs: float
    share: float


def worst_range(
    tflite: bytes,
    signature: Signature,
    pictures: np.ndarray,
    fixed: Mapping[str, np.ndarray] | None = None,
) -> Range:
    """Over every tensor that operators write, for pictures as the graph takes them.

    Integers count as what they stand for: a GPU computes with that.

    Args:
        pictures: [N, S, S, 3] of the first input's type.
        fixed: the other inputs.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with quiet():
        interpreter = Interpreter(
            model_content=tflite,
            experimental_preserve_all_tensors=True,
            # the default delegate hides what its kernels write
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        run = interpreter.get_signature_runner(signature.name)
        place, written = _written(tflite, signature.name)
        largest = dict.fromkeys(written, 0.0)
        for picture in pictures:
            run(**{signature.inputs[0].name: picture[None]}, **(fixed or {}))
            for index, (_, scale, zero) in written.items():
                value = interpreter.get_tensor(index, place).astype(np.float64)
                largest[index] = max(largest[index], scale * float(np.abs(value - zero).max()))
    if not largest:  # a network that gives its picture back
        return Range(signature.outputs[0].name, 0.0, 0.0)
    worst = max(largest, key=largest.__getitem__)
    return Range(written[worst][0], largest[worst], largest[worst] / FLOAT16_MAX)


def _written(tflite: bytes, signature: str) -> tuple[int, dict[int, tuple[str, float, int]]]:
    """A graph's place in the file, and what its operators write that stands for real numbers.

    Returns:
        By index: name, scale and zero point; an integer q stands for scale (q - zero).
    """
    model = read_model(tflite)
    graph = graph_of(model, signature)
    written = {index for operator in graph.operators for index in operator.outputs}
    named = {index: graph.tensors[index] for index in written}
    real: dict[int, tuple[str, float, int]] = {}
    for index, tensor in named.items():
        rule = tensor.quantization
        if tensor.type == schema.TensorType.FLOAT32:
            real[index] = tensor.name.decode(), 1.0, 0
        elif rule is not None and rule.scale is not None and len(rule.scale) == 1:
            real[index] = tensor.name.decode(), float(rule.scale[0]), int(rule.zeroPoint[0])
    return model.subgraphs.index(graph), real
