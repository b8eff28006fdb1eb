"""A bundle on the CPU. No TFLite runtime is looked for until a network is loaded."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DataError, FormatError, PocketstyleError, first_line

# LiteRT first; its predecessors have the same interface.
RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",  # tf.lite is no module that can be imported
)
MOST_BYTES = 4 * 2**30  # of tensors; photonas, the largest that is shipped, has 0.6 GiB


def load_interpreter(path: str | Path, threads: int | None = None) -> tuple[Any, str]:
    """Load a TFLite file into the first runtime that is installed.

    The file may be replaced or removed while its network is played.

    Args:
        path: the file.
        threads: of the CPU kernels; None takes `default_threads()`.

    Returns:
        The interpreter, and the runtime's package ("ai_edge_litert", ...).

    Raises:
        PocketstyleError: no runtime is installed.
        DataError: the file cannot be read.
        FormatError: the runtime refuses the file.
    """
    module = _find_runtime()
    runtime = module.__name__.removesuffix(".interpreter").removesuffix(".python")
    try:
        interpreter = module.Interpreter(
            model_content=_content(path), num_threads=threads or default_threads()
        )
        interpreter.allocate_tensors()  # which finds what is broken
    except (ValueError, RuntimeError, MemoryError) as error:
        raise FormatError(f"{runtime} cannot load {path}: {first_line(error)}") from error
    return interpreter, runtime


class InterpretedNetwork:
    """What a Stylizer runs of an interpreter: its signatures.

    Attributes:
        runtime: as `load_interpreter` tells it.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        """Load; errors are as in `load_interpreter`."""
        self._interpreter, self.runtime = load_interpreter(path, threads)

    def get_signature_runner(self, name: str) -> Any:
        """What runs a signature; ValueError where there is none of this name.

        What that of the file's first graph makes is the runtime's own memory, which nobody may hold
        when the network runs again.
        """
        return _Runner(self._interpreter, name)


class _Runner:
    """Tensors by name in, tensors by name out; of the first graph without copies."""

    def __init__(self, interpreter: Any, name: str) -> None:
        self._interpreter, self._name = interpreter, name
        runner = interpreter.get_signature_runner(name)  # not kept: it would hold memory, too
        self._details = runner.get_input_details(), runner.get_output_details()
        # the runtime has no public way to other graphs' memory
        self._first = getattr(runner, "_subgraph_index", None) == 0

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        return self._details[0]

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        return self._details[1]

    def __call__(self, **tensors: np.ndarray) -> dict[str, np.ndarray]:
        if not self._first:
            return self._interpreter.get_signature_runner(self._name)(**tensors)
        inputs, outputs = self._details
        for name, tensor in tensors.items():
            self._interpreter.set_tensor(inputs[name]["index"], tensor)
        self._interpreter.invoke()
        return {name: self._interpreter.tensor(one["index"])() for name, one in outputs.items()}


def _content(path: str | Path) -> bytes:
    """A file in memory. A runtime maps a path, and dies (SIGBUS) when the file is truncated."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


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
        interpreter = module.Interpreter(
            model_content=_content(path), experimental_op_resolver_type=plain
        )
        interpreter.allocate_tensors()
        taken = _bytes(interpreter.get_tensor_details())
        for name in interpreter.get_signature_list():
            runner = interpreter.get_signature_runner(name)
            # which only running it would do in public
            interpreter._interpreter.AllocateTensors(runner._subgraph_index)
            if module.__name__ == RUNTIMES[0]:  # its predecessors tell of the first graph alone
                details = interpreter.get_tensor_details(runner._subgraph_index)
                taken = max(taken, _bytes(details))
    except (ValueError, RuntimeError, MemoryError) as error:
        raise FormatError(f"{path} cannot be loaded: {first_line(error)}") from error
    if taken > MOST_BYTES:
        raise FormatError(
            f"{path} is refused: its tensors take {taken / 2**30:.1f} GiB, "
            f"{MOST_BYTES / 2**30:g} at most"
        )


def _bytes(details: list[dict[str, Any]]) -> float:
    """Of all tensors of a graph, as if no memory were used twice."""
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
