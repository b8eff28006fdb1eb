"""How large a network's values become: phone GPUs compute in float16, which ends at 65504."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..quiet import quiet
from ..sdk.bundle import Signature

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
        names = _written(interpreter)
        largest = dict.fromkeys(names, 0.0)
        for picture in pictures:
            run(**{signature.inputs[0].name: picture[None]})
            for index in names:
                found = float(np.abs(interpreter.get_tensor(index)).max())
                largest[index] = max(largest[index], found)
    if not largest:
        return None
    worst = max(largest, key=largest.__getitem__)
    return Range(names[worst], largest[worst], largest[worst] / FLOAT16_MAX)


def _written(interpreter) -> dict[int, str]:
    """The float tensors that operators write, by index, with their names."""
    written = {i for op in interpreter._get_ops_details() for i in op["outputs"]}
    return {
        detail["index"]: detail["name"]
        for detail in interpreter.get_tensor_details()
        if detail["index"] in written and detail["dtype"] == np.float32 and detail["shape"].size
    }
