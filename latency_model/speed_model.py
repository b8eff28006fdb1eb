"""The speed model: milliseconds of a kernel list on one device, differentiable in widths and gates.

    launch  = roofline * exp(residual)          `roofline`, `residual`
    network = a + b S + c √S                    S = Σ share * launch, `composition`

Times are for fp16, one picture, as the GPU delegate of TFLite 2.10 runs it, or as a device's card
says otherwise.

**Between whole numbers it interpolates**, linearly in both channel counts. **Its slopes are those
of the groups around**: (t(C + 4) - t(C - 4)) / 8, because a processor pays for channels in groups,
and the stairs have no useful slope themselves; which kernel runs, Winograd or direct, is decided at
C and stays. So gradients are finite everywhere and come with the value, without a backward pass.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, UsageError
from .composition import Composition
from .features import PATHS, Sizes, as_number, counts, look
from .intervals import Intervals
from .kernel import Kernel
from .launches import Launch, launches
from .residual import Residual
from .roofline import CONSTANTS, times
from .runtimes import Numbers, runtime_named

if TYPE_CHECKING:
    from torch import Tensor

DEVICES = Path(__file__).parent / "devices"
FORMAT = "pocketstyle-speed-model-4"
TINY_MS = 1e-9  # where a root has no slope
WINDOW = 4.0  # channels to either side for a slope: one group


@dataclass(frozen=True)
class Prediction:
    """What a network, or a part of one, takes on a device.

    Attributes:
        ms: milliseconds of one picture.
        low_ms, high_ms: its 90 % interval.
        prior_share: 0..1, how much of it rests on operators that were never measured.
    """

    ms: float
    low_ms: float
    high_ms: float
    prior_share: float


def device_names() -> list[str]:
    """The devices that ship with the package."""
    return sorted(path.stem for path in DEVICES.glob("*.json"))


class SpeedModel:
    """One device. `card` is what its JSON file says: the fit, errors, source, licence."""

    def __init__(self, card: dict):
        """Args: card: as `phones` and `blocks` make it. Raises FormatError if it is damaged."""
        try:
            if card["format"] != FORMAT:
                raise FormatError(
                    f"speed model format {card['format']!r}, expected {FORMAT!r}: "
                    "fit it again, or use the version of pocketstyle that wrote it"
                )
            self.name: str = card["device"]
            self.runtime = runtime_named(card["runtime"])
            paths = {name: card["paths"][name] for name in PATHS}
            constants = [[float(paths[name][key]) for key in CONSTANTS] for name in PATHS]
            self.unmeasured = np.array([not paths[name]["configurations"] for name in PATHS])
            self.operators = frozenset(card["operators"])
            self.ranges: dict = {name: path["range"] for name, path in paths.items()}
            self.composition = Composition(
                **{key: float(value) for key, value in card["composition"].items()}
            )
            self.intervals = Intervals(
                **{k: tuple(v) if isinstance(v, list) else v for k, v in card["intervals"].items()}
            )
            self.residual = self._residual(**card["residual"])
            self._check(card)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"damaged speed model: {type(error).__name__} {error}") from error
        self.constants = np.array(constants)  # [paths, 4]
        if not (np.isfinite(self.constants).all() and (self.constants > 0).all()):
            raise FormatError("damaged speed model: a constant is not a positive number")
        self.card = card

    def _check(self, card: dict) -> None:
        """Raises ValueError where a number of the card cannot be."""
        one = self.intervals
        groups = one.closeness, one.convolution, one.other
        if [len(group) for group in groups] != [2, 3, 3]:
            raise ValueError("intervals of another form")
        flat = [value for group in groups for value in group]
        flat += [one.beyond, one.prior, one.network]
        flat += [self.composition.a_ms, self.composition.b, self.composition.c]
        ends = [low <= high for path in self.ranges.values() for low, high in path.values()]
        if not all(0 <= float(value) < math.inf for value in flat) or not all(ends):
            raise ValueError("a number that cannot be")
        positive = [*self.residual.scale.values(), card.get("reference_ms") or 1.0]
        if not all(0 < float(value) < math.inf for value in positive):
            raise ValueError("a scale or a reference that is no positive number")
        if not all(isinstance(value, int) for value in card["seen"]):
            raise ValueError("fingerprints of another form")
        if any(set(path) != set(MEASURES) for path in self.ranges.values()):
            raise ValueError("ranges of another form")

    def _residual(self, scale: dict[str, float], centres: list, weights: list) -> Residual:
        found = [
            Launch(Kernel(op, *sizes[:-2]), linked=sizes[-2], operands=sizes[-1])
            for op, *sizes in centres
        ]
        if any(min(sizes[:-2]) < 1 for _, *sizes in centres):
            raise ValueError("a centre without size")
        seen = look(found, self.runtime)
        values = np.array(weights, dtype=np.float64).reshape(len(found))
        if not np.isfinite(values).all():
            raise FormatError("damaged speed model: a weight is not a number")
        return Residual(scale, seen.matrix(list(scale)), values)

    @classmethod
    def load(cls, name_or_path: str | Path) -> SpeedModel:
        """Reads a shipped device by name, or a file that ends in .json.

        Raises:
            UsageError: there is no such device or file.
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

    def priced(self, kernels: Iterable[Kernel]) -> Priced:
        """A kernel list made ready to be priced."""
        kernels = list(kernels)
        return Priced(self, *launches(kernels, self.runtime.links), len(kernels))

    def latency(self, kernels: Iterable[Kernel]) -> float | Tensor:
        """Milliseconds of the whole list for one picture.

        Returns:
            A float, or a scalar tensor with gradients if any count or share is a tensor.
        """
        kernels = list(kernels)
        values, priced = columns(kernels), self.priced(kernels)
        if all(isinstance(value, int | float | np.number) for value in values):
            return priced.total(np.array(values, dtype=np.float64).reshape(3, -1))[0]
        from .differentiable import total  # torch: not where numbers are priced

        return total(priced, values)

    def kernel_times(self, kernels: Iterable[Kernel]) -> Numbers:
        """Milliseconds of each kernel times its share; 0 for one linked to another. [K]."""
        return self.priced(kernels).kernel_times()

    def predict(self, kernels: Iterable[Kernel]) -> Prediction:
        """Milliseconds of the whole list with their interval."""
        return self.priced(kernels).predict()

    def predict_parts(self, parts: Iterable[tuple[str, Iterable[Kernel]]]) -> dict[str, Prediction]:
        """The same by part of a network; the parts' milliseconds add up to the network's."""
        listed = [(name, list(kernels)) for name, kernels in parts]
        priced = self.priced(kernel for _, kernels in listed for kernel in kernels)
        ends = np.cumsum([0] + [len(kernels) for _, kernels in listed])
        return {
            name: priced.predict_part(begin, end)
            for (name, _), begin, end in zip(listed, ends, ends[1:], strict=False)
        }

    def predict_launches(self, found: Sequence[Launch]) -> list[Prediction]:
        """Each launch by itself, before the composition."""
        return Priced(self, found, range(len(found)), len(found)).predict_each()

    def predict_group(self, found: Sequence[Launch]) -> Prediction:
        """A network, given by what is launched."""
        return Priced(self, found, range(len(found)), len(found)).predict()

    def out_of_range(self, kernels: Iterable[Kernel]) -> list[str]:
        """Where the prediction leaves what was measured; empty if nowhere.

        A map side, a channel count or a kernel side outside what a path was fitted on is named once
        per path, and so are operators that were never measured (priced by a prior).
        """
        return self.priced(kernels).notes()

    def prior_share(self, kernels: Iterable[Kernel]) -> float:
        """0..1: how much of the summed kernel time rests on operators never measured."""
        return self.predict(kernels).prior_share


class Priced:
    """Launches made ready to be priced again and again, at other channel counts and shares."""

    def __init__(
        self, model: SpeedModel, found: Sequence[Launch], index: Sequence[int], length: int
    ):
        """Args: found: N launches. index: of their kernels in a list of `length` kernels."""
        self.model = model
        self.length = length
        self.index = np.array(index, dtype=np.int64)
        self.launches = found
        self.sizes = Sizes(found, model.runtime)
        self.cin, self.cout = counts(found)
        self.share = np.array([as_number(one.kernel.share) for one in found])
        self._known: dict[tuple[int, float, float], Numbers] = {}

    def total(self, numbers: Numbers) -> tuple[float, Numbers]:
        """Milliseconds of the network, and their slopes.

        Args:
            numbers: [3, K], what `columns` lists.

        Returns:
            The milliseconds; [3, K], by how much they grow with each number.
        """
        cin, cout, share = numbers[:, self.index]
        time, *slopes = self._times_and_slopes(cin, cout)
        total = float(share @ time)
        gradient = np.zeros((3, self.length))
        gradient[:, self.index] = [share * slopes[0], share * slopes[1], time]
        gradient *= self.model.composition.slope(max(total, TINY_MS))
        return float(self.model.composition(total)), gradient

    def _times_and_slopes(self, cin: Numbers, cout: Numbers) -> Numbers:
        """Milliseconds of each launch, fully open, and their slopes in cin and in cout. [3, N].

        A network repeats its blocks, and a search changes few widths from step to step: what
        was priced once is kept.
        """
        keys = list(zip(self.sizes.kind, cin.tolist(), cout.tolist(), strict=True))
        new = {key: row for row, key in enumerate(keys) if key not in self._known}
        if new:
            rows = np.array(list(new.values()))
            sizes, some_in, some_out = self.sizes.take(rows), cin[rows], cout[rows]
            found = self._times(sizes, some_in, some_out), *self._slopes(sizes, some_in, some_out)
            self._known.update(zip(new, np.stack(found, axis=1), strict=True))
        return np.array([self._known[key] for key in keys]).reshape(len(keys), 3).T

    def _times(self, sizes: Sizes, cin: Numbers, cout: Numbers) -> Numbers:
        """Milliseconds, linear between whole counts. [N]."""
        low_in, low_out = (np.maximum(np.floor(one), 1) for one in (cin, cout))
        part_in, part_out = cin - low_in, cout - low_out
        if not (part_in.any() or part_out.any()):
            return self._look(sizes, cin, cout, sizes.decide(cin, cout))[0]
        found = np.zeros(len(cin))
        for up_in, weight_in in ((0, 1 - part_in), (1, part_in)):
            for up_out, weight_out in ((0, 1 - part_out), (1, part_out)):
                corner = low_in + up_in, low_out + up_out
                time, _ = self._look(sizes, *corner, sizes.decide(*corner))
                found += weight_in * weight_out * time
        return found

    def _slopes(self, sizes: Sizes, cin: Numbers, cout: Numbers) -> tuple[Numbers, Numbers]:
        """Milliseconds per channel read and per channel written. [N] each."""
        less_in, less_out = (np.maximum(one - WINDOW, np.minimum(one, 1)) for one in (cin, cout))
        around, _ = self._look(
            sizes,
            np.stack([less_in, cin + WINDOW, cin, cin]),
            np.stack([cout, cout, less_out, cout + WINDOW]),
            sizes.decide(cin, cout),
        )
        low_in, high_in, low_out, high_out = around.reshape(4, -1)
        return (
            (high_in - low_in) / (cin + WINDOW - less_in),
            (high_out - low_out) / (cout + WINDOW - less_out),
        )

    def _look(
        self, sizes: Sizes, cin: Numbers, cout: Numbers, path: NDArray[np.int64]
    ) -> tuple[Numbers, Numbers]:
        """Milliseconds, and how close the nearest centre of the residual is."""
        seen = sizes.features(cin, cout, path)
        time, closeness = times(seen, self.model.constants), np.zeros(len(seen))
        # the residual says nothing of paths that were not measured
        known = np.flatnonzero(~self.model.unmeasured[seen.path])
        residual, closeness[known] = self.model.residual(seen.take(known))
        time[known] *= np.exp(residual)
        return time, closeness

    def kernel_times(self) -> Numbers:
        """Milliseconds of each kernel times its share, [K]."""
        found = np.zeros(self.length)
        found[self.index] = self.share * self._times_and_slopes(self.cin, self.cout)[0]
        return found

    def predict(self) -> Prediction:
        """The whole list."""
        time, half, unmeasured, beyond = self._doubts
        ms = float(self.model.composition(time.sum()))
        doubtful = unmeasured | (beyond > 0)
        width = math.exp(self.model.intervals.of_network(time, half, doubtful))
        share = float(time[unmeasured].sum() / time.sum()) if time.sum() else 0.0
        return Prediction(ms, ms / width, ms * width, share)

    def predict_each(self) -> list[Prediction]:
        """Each launch by itself, before the composition."""
        time, half, unmeasured, _ = self._doubts
        return [
            Prediction(float(ms), float(ms / width), float(ms * width), float(prior))
            for ms, width, prior in zip(time, np.exp(half), unmeasured, strict=True)
        ]

    def predict_part(self, begin: int, end: int) -> Prediction:
        """The kernels from `begin` to before `end`, as a share of the whole."""
        time, half, unmeasured, _ = self._doubts
        rows = (self.index >= begin) & (self.index < end)
        own = time[rows].sum()
        if not own:
            return Prediction(0.0, 0.0, 0.0, 0.0)
        ms = float(self.model.composition(time.sum()) * own / time.sum())
        width = math.exp((time * half)[rows].sum() / own)  # as if all were off in one direction
        share = float((time * unmeasured)[rows].sum() / own)
        return Prediction(ms, ms / width, ms * width, share)

    @cached_property
    def _doubts(self) -> tuple[Numbers, Numbers, NDArray[np.bool_], Numbers]:
        """Times by share, half widths, which are unmeasured, how far out of range. [N] each."""
        path = self.sizes.decide(self.cin, self.cout)
        open_time, closeness = self._look(self.sizes, self.cin, self.cout, path)
        time = self.share * open_time
        unmeasured = self._unmeasured(path)
        beyond = np.array([self._doublings(row, path[row]) for row in range(len(path))], float)
        half = self.model.intervals.of_launches(path, closeness, beyond, unmeasured)
        return time, half, unmeasured, beyond

    def _unmeasured(self, path: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which launches go a path, or are an operator, that was never measured. [N]."""
        known = [one.kernel.op in self.model.operators for one in self.launches]
        return self.model.unmeasured[path] | ~np.array(known, dtype=bool)

    def _beyond(self, row: int, path: int) -> dict[str, float]:
        """In what a launch leaves the range of its path."""
        if self.model.unmeasured[path]:
            return {}
        return {
            key: value
            for key, value in measures(self.launches[row].kernel).items()
            if not self.model.ranges[PATHS[path]][key][0]
            <= value
            <= self.model.ranges[PATHS[path]][key][1]
        }

    def _doublings(self, row: int, path: int) -> float:
        """How far a launch is out of its path's range, in octaves of all its measures together."""
        ranges = self.model.ranges[PATHS[path]]
        return sum(
            abs(math.log2(value / np.clip(value, *ranges[key])))
            for key, value in self._beyond(row, path).items()
        )

    def notes(self) -> list[str]:
        """See `SpeedModel.out_of_range`."""
        beyond: dict[tuple[str, str], list[float]] = {}
        priors: dict[str, int] = {}
        paths = self.sizes.decide(self.cin, self.cout)
        unmeasured = self._unmeasured(paths)
        for row, path in enumerate(paths.tolist()):
            if unmeasured[row]:
                op = self.launches[row].kernel.op
                priors[op] = priors.get(op, 0) + 1
            for key, value in self._beyond(row, path).items():
                beyond.setdefault((PATHS[path], key), []).append(value)
        found = []
        for (name, key), values in sorted(beyond.items()):
            low, high = self.model.ranges[name][key]
            worst = max(values) if max(values) > high else min(values)
            found.append(
                f"{name}: {key} {worst:g} is outside {low:g}..{high:g} ({len(values)} kernels)"
            )
        if self.model.runtime.winograd_unmeasured is not None:
            rule = self.model.runtime.winograd_unmeasured
            if turned := int(self.sizes.turned(self.cin, self.cout, rule).sum()):
                found.append(f"conv_3x3: {turned} kernels may run as Winograd, never measured here")
        if priors:
            listed = ", ".join(f"{op} x{count}" for op, count in sorted(priors.items()))
            found.append(f"never measured, priced by a prior: {listed}")
        return found


def columns(kernels: Sequence[Kernel]) -> list[float | Tensor]:
    """What a search changes: `cin` of all kernels, then `cout`, then `share`."""
    return [getattr(kernel, name) for name in ("cin", "cout", "share") for kernel in kernels]


def predict_all(kernels: Iterable[Kernel]) -> dict[str, float]:
    """Milliseconds of a finished network's kernels on every shipped device, by its name."""
    kernels = list(kernels)
    return {name: SpeedModel.load(name).latency(kernels) for name in device_names()}


MEASURES = ("side", "cin", "cout", "k")


def measures(kernel: Kernel) -> dict[str, float]:
    """What a path's fitted range is stated in."""
    cin, cout = as_number(kernel.cin), as_number(kernel.cout)
    side = (kernel.h * kernel.w) ** 0.5
    return dict(zip(MEASURES, (side, cin, cout, float(kernel.k)), strict=True))
