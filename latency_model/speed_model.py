"""The speed model: milliseconds of a kernel list on one phone, differentiable in widths and gates.

    kernel time = launch + sqrt(compute² + traffic²)
    compute     = work / throughput * (1 + half_threads / threads)
    traffic     = bytes / bandwidth
    network     = a + b * Σ share * kernel time

The root is a smooth maximum, the roofline's corner (Williams et al. 2009); the bracket is the loss
of a GPU that has too few work items: half of its throughput at `half_threads` of them. Each path of
`features.PATHS` has its own four constants, fitted to measured phone tables (`roofline.py`). All
times are for fp16, one picture, as the GPU delegate of TFLite 2.10 runs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from ..errors import FormatError, UsageError
from .features import PATHS, Features, features
from .kernel import Kernel

DEVICES = Path(__file__).parent / "devices"
FORMAT = "pocketstyle-speed-model-1"
CONSTANTS = ("launch_ms", "throughput_gops", "bandwidth_gbps", "half_threads")
PER_MS = 1e6  # G/s to 1/ms
TINY_MS2 = 1e-18  # keeps the root differentiable where a linked kernel costs nothing


def device_names() -> list[str]:
    """The phones that ship with the package."""
    return sorted(path.stem for path in DEVICES.glob("*.json"))


class SpeedModel:
    """One phone. `card` is what its JSON file says: constants, errors, source, licence."""

    def __init__(self, card: dict):
        """Args: card: as `fitting.fit_device` makes it. Raises FormatError if it is incomplete."""
        try:
            if card["format"] != FORMAT:
                raise FormatError(f"speed model format {card['format']!r}, expected {FORMAT!r}")
            self.name: str = card["device"]
            self.winograd_rule: dict | None = card["winograd"]
            self.unmeasured_rule: dict | None = card["winograd_unmeasured"]
            table = [[float(card["paths"][path][name]) for name in CONSTANTS] for path in PATHS]
            self.offset_ms, self.factor = (float(card["network"][key]) for key in ("a_ms", "b"))
            self.ranges: dict = {path: card["paths"][path]["range"] for path in PATHS}
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"damaged speed model: {type(error).__name__} {error}") from error
        self.constants = torch.tensor(table, dtype=torch.float64)  # [paths, 4]
        if not (torch.isfinite(self.constants).all() and (self.constants > 0).all()):
            raise FormatError("damaged speed model: a constant is not a positive number")
        self.card = card

    @classmethod
    def load(cls, name_or_path: str | Path) -> SpeedModel:
        """Reads a shipped phone by name, or a file that ends in .json.

        Raises:
            UsageError: there is no such phone or file.
            FormatError: the file is damaged or of another kind.
        """
        path = Path(name_or_path)
        if path.suffix != ".json":
            if str(name_or_path) not in device_names():
                known = ", ".join(device_names())
                raise UsageError(f"unknown device {str(name_or_path)!r}; known: {known}")
            path = DEVICES / f"{name_or_path}.json"
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read speed model {path}: {error.strerror}") from error
        except ValueError as error:
            raise FormatError(f"speed model {path} is not JSON: {error}") from error
        try:
            return cls(card)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    def latency(self, kernels: Iterable[Kernel]) -> float | Tensor:
        """Milliseconds of the whole list for one picture.

        Returns:
            A float, or a scalar tensor with gradients if any count or share is a tensor.
        """
        kernels = list(kernels)
        total = self.total(features(kernels, self.winograd_rule))
        dtypes = [
            value.dtype
            for kernel in kernels
            for value in (kernel.cin, kernel.cout, kernel.share)
            if isinstance(value, Tensor)
        ]
        if not dtypes:
            return total.item()
        return total.to(torch.float64 if torch.float64 in dtypes else torch.float32)

    def total(self, seen: Features) -> Tensor:
        """Milliseconds of a whole network, scalar, float64."""
        return self.offset_ms + self.factor * (seen.share * self.times(seen)).sum()

    def kernel_times(self, kernels: Iterable[Kernel]) -> Tensor:
        """Milliseconds of each kernel times its share, before a + b * sum. [K], float64."""
        seen = features(kernels, self.winograd_rule)
        return seen.share * self.times(seen)

    def times(self, seen: Features) -> Tensor:
        """Milliseconds of each kernel, fully open. [K], float64."""
        direct = self._roofline(seen.path, seen.work, seen.bytes, seen)
        if not bool((seen.winograd > 0).any()):
            return direct
        path = torch.full_like(seen.path, PATHS.index("winograd"))
        turned = self._roofline(path, seen.winograd_work, seen.winograd_bytes, seen)
        return torch.lerp(direct, turned, seen.winograd)

    def _roofline(self, path: Tensor, work: Tensor, moved: Tensor, seen: Features) -> Tensor:
        launch, throughput, bandwidth, half_threads = self.constants[path].unbind(1)
        compute = work / (throughput * PER_MS) * (1 + half_threads / seen.threads)
        traffic = moved / (bandwidth * PER_MS)
        return seen.launched * launch + torch.sqrt(compute**2 + traffic**2 + TINY_MS2)

    def out_of_range(self, kernels: Iterable[Kernel]) -> list[str]:
        """Where the prediction leaves the measured tables; empty if nowhere.

        A map side, a channel count or a kernel side outside what a path was fitted on is named once
        per path, and so are operators that the tables do not hold (priced by a prior).
        """
        kernels = list(kernels)
        seen = features(kernels, self.winograd_rule)
        beyond: dict[tuple[str, str], list[float]] = {}
        priors: dict[str, int] = {}
        for kernel, path, winograd in zip(
            kernels, seen.path.tolist(), seen.winograd.tolist(), strict=True
        ):
            name = "winograd" if winograd >= 0.5 else PATHS[path]
            if name == "elementwise":
                priors[kernel.op] = priors.get(kernel.op, 0) + 1
                continue
            for key, value in measures(kernel).items():
                low, high = self.ranges[name][key]
                if not low <= value <= high:
                    beyond.setdefault((name, key), []).append(value)
        notes = []
        for (name, key), values in sorted(beyond.items()):
            low, high = self.ranges[name][key]
            worst = max(values) if max(values) > high else min(values)
            notes.append(
                f"{name}: {key} {worst:g} is outside {low:g}..{high:g} ({len(values)} kernels)"
            )
        if self.unmeasured_rule is not None:
            turned = int((features(kernels, self.unmeasured_rule).winograd >= 0.5).sum())
            if turned:
                notes.append(f"conv_3x3: {turned} kernels may run as Winograd, never measured here")
        if priors:
            listed = ", ".join(f"{op} x{count}" for op, count in sorted(priors.items()))
            notes.append(f"not in the tables, priced by bandwidth and launch alone: {listed}")
        return notes

    def prior_share(self, kernels: Iterable[Kernel]) -> float:
        """0..1: how much of the summed kernel time rests on operators outside the tables."""
        seen = features(kernels, self.winograd_rule)
        times = (seen.share * self.times(seen)).detach()
        prior = times[seen.path == PATHS.index("elementwise")].sum()
        return (prior / times.sum()).item() if len(times) else 0.0


def predict_all(kernels: Iterable[Kernel]) -> dict[str, float]:
    """Milliseconds of a finished network's kernels on every shipped phone, by its name."""
    kernels = list(kernels)
    return {name: SpeedModel.load(name).latency(kernels) for name in device_names()}


def measures(kernel: Kernel) -> dict[str, float]:
    """What a path's fitted range is stated in."""
    cin, cout = (
        value.item() if isinstance(value, Tensor) else float(value)
        for value in (kernel.cin, kernel.cout)
    )
    return {"side": (kernel.h * kernel.w) ** 0.5, "cin": cin, "cout": cout, "k": float(kernel.k)}
