"""Finding a TFLite runtime. Nothing is imported until a network is loaded."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import FormatError, PocketstyleError, first_line

# LiteRT first; its predecessors have the same interface.
RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",  # tf.lite is no module that can be imported
)


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
