"""What a sweep measures on: this computer, or a phone over adb."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..errors import UsageError
from ..latency_model.measuring import Measurement, measure_on_phone
from ..latency_model.measuring.adb import Phone
from ..latency_model.measuring.demo_app import device_name, measure_models
from ..latency_model.measuring.this_computer import HOST_BACKENDS, host_name, host_runner
from .interleaved import interleave


class Backend(Protocol):
    """Measures a batch of models.

    Attributes:
        device, name: as in a table's columns `device` and `backend`.
    """

    device: str
    name: str

    def measure(self, models: Sequence[bytes]) -> list[Measurement]:
        """One measurement per .tflite file, times being comparable with the first one's."""


class ThisComputer:
    """LiteRT on the CPU ("litert-cpu") or the GPU ("litert-gpu"), models interleaved.

    Raises:
        UsageError: another name.
    """

    def __init__(self, name: str = "litert-cpu", threads: int = 1):
        if name not in HOST_BACKENDS:
            raise UsageError(f"backend {name!r}; on this computer: {', '.join(HOST_BACKENDS)}")
        self.name, self.threads, self.device = name, threads, host_name(threads)

    def measure(self, models: Sequence[bytes]) -> list[Measurement]:
        runners = [host_runner(model, self.threads, self.name) for model in models]
        rounds = interleave(runners[0], runners[1:])
        return [Measurement(self.device, self.name, found, {}) for found in rounds]


class OnPhone:
    """A phone's GPU, by TFLite's `benchmark_model`; see `measure_on_phone`."""

    name = "adb-gpu"

    def __init__(self, phone: Phone, tool: Path, adb: str = "adb"):
        self.phone, self.tool, self.adb = phone, tool, adb
        self.device = phone.name

    def measure(self, models: Sequence[bytes]) -> list[Measurement]:
        with tempfile.TemporaryDirectory() as folder:
            path, found = Path(folder) / "block.tflite", []
            for model in models:
                path.write_bytes(model)
                found.append(measure_on_phone(path, self.tool, self.phone, adb=self.adb))
            return found


class OnApp:
    """A phone's GPU, by the Android demo; see `measure_models`."""

    name = "litert-gpu"

    def __init__(self, phone: Phone, adb: str = "adb"):
        self.phone, self.adb = phone, adb
        self.device = device_name(phone, adb)

    def measure(self, models: Sequence[bytes]) -> list[Measurement]:
        return measure_models(models, self.phone, adb=self.adb)
