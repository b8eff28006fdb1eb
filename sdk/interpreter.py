"""Finding a TFLite runtime. Nothing is imported until a network is loaded."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import FormatError, PocketstyleError, first_line

# LiteRT first; its predecessors have the same interface.
RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",  # tf.lite is no module that can be imported
)
MOST_BYTES = 4 * 2**30  # of tensors; photonas, the largest that is shipped, has 0.6 GiB


def load_interpreter(path: str | Path, threads: int | None = None) -> tuple[Any, str]:
    """Load a TFLite file into the first runtime that is installed.

    Args:
        path: the file.
        threads: of the CPU kernels; None takes `default_threads()`.

    Returns:
        The interpreter, and the runtime's package ("ai_edge_litert", ...).

    Raises:
        PocketstyleError: no runtime is installed.
        FormatError: the runtime refuses the file.
    """
    module = _find_runtime()
    runtime = module.__name__.removesuffix(".interpreter").removesuffix(".python")
    try:
        interpreter = module.Interpreter(
            model_path=str(path), num_threads=threads or default_threads()
        )
        interpreter.allocate_tensors()  # which finds what is broken
    except (ValueError, RuntimeError, MemoryError) as error:
        raise FormatError(f"{runtime} cannot load {path}: {first_line(error)}") from error
    return interpreter, runtime


def check_memory(path: str | Path) -> None:
    """Refuse a network that takes more than `MOST_BYTES`, whatever sizes its file states.

    The kernels say what they would take; without delegates, which take it at once, no page of it
    is touched.

    Raises:
        PocketstyleError: no runtime is installed.
        FormatError: it takes more, or the runtime refuses the file.
    """
    module = _find_runtime()
    plain = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = module.Interpreter(str(path), experimental_op_resolver_type=plain)
        interpreter.allocate_tensors()
        taken = _bytes(interpreter, 0)
        for name in interpreter.get_signature_list():
            runner = interpreter.get_signature_runner(name)
            # which only running it would do in public
            interpreter._interpreter.AllocateTensors(runner._subgraph_index)
            taken = max(taken, _bytes(interpreter, runner._subgraph_index))
    except (ValueError, RuntimeError, MemoryError) as error:
        raise FormatError(f"{path} cannot be loaded: {first_line(error)}") from error
    if taken > MOST_BYTES:
        raise FormatError(
            f"{path} is refused: its tensors take {taken / 2**30:.1f} GiB, "
            f"{MOST_BYTES / 2**30:g} at most"
        )


def _bytes(interpreter: Any, graph: int) -> float:
    """Of all tensors of a graph, as if no memory were used twice."""
    details = interpreter.get_tensor_details(graph)
    return sum(np.prod(d["shape"], dtype=float) * np.dtype(d["dtype"]).itemsize for d in details)


def default_threads() -> int:
    """Every core but one, which decodes and encodes while a video plays; at most 4.

    Networks of phone size gain little past four threads.
    """
    return min(4, max(1, (os.cpu_count() or 1) - 1))


def _find_runtime() -> ModuleType:
    for name in RUNTIMES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise PocketstyleError("no TFLite runtime is installed; run `pip install ai-edge-litert`")
