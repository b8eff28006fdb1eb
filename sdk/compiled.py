"""A bundle on the GPU, run as an interpreter runs it on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PocketstyleError, first_line


class CompiledNetwork:
    """A TFLite file compiled for the GPU: what an interpreter offers of signatures.

    Raises:
        PocketstyleError: LiteRT cannot compile it, or leaves operators to the CPU.
    """

    def __init__(self, path: str | Path) -> None:
        from ai_edge_litert.compiled_model import CompiledModel, HardwareAccelerator

        try:
            # in memory: a file that is truncated while it is mapped kills the process
            self._content = Path(path).read_bytes()
            self._model = CompiledModel.from_buffer(self._content, HardwareAccelerator.GPU)
        except RuntimeError as error:
            raise PocketstyleError(f"no GPU for {path}: {first_line(error)}") from error
        if not self._model.is_fully_accelerated():
            raise PocketstyleError(f"no GPU for {path}: it leaves operators to the CPU")

    def get_signature_runner(self, name: str) -> _Runner:
        """What runs a signature; ValueError where there is none of this name."""
        if name not in self._model.get_signature_list():
            raise ValueError(f"no signature {name!r}")
        return _Runner(self._model, name)


class _Runner:
    """Tensors by name in, tensors by name out; the GPU's buffers are kept from call to call."""

    def __init__(self, model: Any, name: str) -> None:
        self._model, self._name = model, name
        names = model.get_signature_list()[name]
        self._details = {
            "inputs": model.get_input_tensor_details(name),
            "outputs": model.get_output_tensor_details(name),
        }
        self._inputs = {n: model.create_input_buffer_by_name(name, n) for n in names["inputs"]}
        self._outputs = {n: model.create_output_buffer_by_name(name, n) for n in names["outputs"]}

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        return _as_interpreters(self._details["inputs"])

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        return _as_interpreters(self._details["outputs"])

    def __call__(self, **tensors: np.ndarray) -> dict[str, np.ndarray]:
        for name, tensor in tensors.items():
            self._inputs[name].write(np.ascontiguousarray(tensor))
        self._model.run_by_name(self._name, self._inputs, self._outputs)
        made = {}
        for name, buffer in self._outputs.items():
            details = self._details["outputs"][name]
            shape = tuple(details["shape"])
            values = buffer.read(int(np.prod(shape)), np.dtype(details["dtype"]).type)
            made[name] = values.reshape(shape)
        return made


def _as_interpreters(details: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {"shape": np.array(one["shape"]), "dtype": np.dtype(one["dtype"]).type}
        for name, one in details.items()
    }
