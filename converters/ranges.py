"""How large a network's values become: phone GPUs compute in float16, which ends at 65504."""

from __future__ import annotations

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


def worst_range(tflite: bytes, signature: Signature, pictures: np.ndarray) -> Range | None:
    """Over every float tensor that operators write, for pictures as the graph takes them.

    Args:
        pictures: [N, S, S, 3] of the input's type.

    Returns:
        None for a graph of integers alone.
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
        place, names = _written(tflite, signature.name)
        largest = dict.fromkeys(names, 0.0)
        for picture in pictures:
            run(**{signature.inputs[0].name: picture[None]})
            for index in names:
                found = float(np.abs(interpreter.get_tensor(index, place)).max())
                largest[index] = max(largest[index], found)
    if not largest:
        return None
    worst = max(largest, key=largest.__getitem__)
    return Range(names[worst], largest[worst], largest[worst] / FLOAT16_MAX)


def _written(tflite: bytes, signature: str) -> tuple[int, dict[int, str]]:
    """A graph's place in the file, and the float tensors that its operators write, with names."""
    model = read_model(tflite)
    graph = graph_of(model, signature)
    written = {index for operator in graph.operators for index in operator.outputs}
    named = {index: graph.tensors[index] for index in written}
    floats = {i: t.name.decode() for i, t in named.items() if t.type == schema.TensorType.FLOAT32}
    return model.subgraphs.index(graph), floats
