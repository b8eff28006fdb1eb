"""A device's card put to the test on measurements; `latency evaluate`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DataError
from .block_table import reference_ms
from .blocks import blocks_of_one_device
from .fit import mape
from .intervals import coverage
from .launches import Launch, launches
from .runtimes import Numbers
from .seen import fingerprint
from .speed_model import Prediction, SpeedModel
from .tables import read_kernels, read_networks

NETWORK = "network"  # the kind of a whole one
ALL_TOO_FAR = 20.0  # a median so many times off is no error of prediction
ANOTHER = 5.0  # as many times the card's reference is another device


@dataclass
class Judgement:
    """Predicted against measured milliseconds.

    Attributes:
        kind: of each measurement: an operator, a kind of block, or "network".
        size: MACs of each, or elements read where there are none.
        predicted, measured: [N], ms.
        half_width: [N], of the 90 % interval of log(measured / predicted).
        seen: how many of them the device was fitted on.
        scale: what the measured times were multiplied by.
    """

    kind: list[str] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    predicted: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    half_width: list[float] = field(default_factory=list)
    seen: int = 0
    scale: float = 1.0

    def add(
        self,
        kind: str,
        size: float,
        predicted: Prediction,
        measured: float,
        seen: bool = False,
    ) -> None:
        """One measurement."""
        self.seen += seen
        self.kind.append(kind)
        self.size.append(size)
        self.predicted.append(predicted.ms)
        self.measured.append(measured)
        self.half_width.append(float(np.log(predicted.high_ms / predicted.ms)))

    def arrays(self, kinds: Sequence[str]) -> tuple[Numbers, Numbers, Numbers]:
        """Predicted, measured and half widths of some kinds."""
        rows = np.isin(self.kind, kinds)
        lists = self.predicted, self.measured, self.half_width
        return tuple(np.array(one)[rows] for one in lists)

    def summary(self) -> dict:
        """What `latency evaluate --json` prints; errors in percent, None where there is nothing.

        `interval_coverage` and `covered`: the share of measurements within their 90 % intervals;
        the former of all but whole networks.
        """
        kinds = sorted(set(self.kind) - {NETWORK})
        return {
            "end_to_end": self._of([NETWORK]),
            "by_op": {kind: self._of([kind]) for kind in kinds},
            "interval_coverage": self._of(kinds)["covered"] if kinds else None,
            "seen": self.seen,
            "scale": round(self.scale, 4),
        }

    def check_units(self) -> None:
        """Raises DataError where all is so far off that the table must be in other units."""
        factor = float(np.median(np.array(self.measured) / np.array(self.predicted)))
        if not 1 / ALL_TOO_FAR < factor < ALL_TOO_FAR:
            raise DataError(
                f"the table's times are {factor:.2g} times what is predicted (median); "
                "are they of this device, and are their units right?"
            )

    def _of(self, kinds: Sequence[str]) -> dict | None:
        predicted, measured, half = self.arrays(kinds)
        if not len(measured):
            return None
        return {
            "mape": mape(predicted, measured),
            "max": round(100 * float(np.abs(predicted / measured - 1).max()), 2),
            "covered": coverage(np.log(measured / predicted), half),
            "n": len(measured),
        }


def judge_tables(model: SpeedModel, ops: Path, end_to_end: Path | None) -> Judgement:
    """On tables of kernels and of whole networks, as the phones' own are written.

    Args:
        ops: CSV with the columns of tflite_gpu_ops.csv, those of this device among them; a
            configuration that repeats counts once, by its median.
        end_to_end: CSV with the columns of tflite_end_to_end.csv, of networks that `ops` lists.

    Raises:
        DataError: a table cannot be read, lacks a column or holds what cannot be right.
    """
    known = set(model.card["seen"])
    rows = read_kernels(ops, model.name)
    times: dict[Launch, list[float]] = defaultdict(list)
    for row in rows:
        if not row.is_pair:
            times[row.launch].append(row.ms)
    found = Judgement()
    for launch, prediction in zip(times, model.predict_launches(list(times)), strict=True):
        kernel = launch.kernel
        size = float(kernel.macs or kernel.elements_read)
        ms = float(np.median(times[launch]))
        found.add(kernel.op, size, prediction, ms, fingerprint(launch) in known)
    found.check_units()
    if end_to_end is not None:
        members: dict[str, list[Launch]] = defaultdict(list)
        for row in rows:
            members[row.model].append(row.launch)
        networks = read_networks(end_to_end, model.name)
        if not set(networks) & set(members):
            raise DataError(f"{end_to_end} holds no network whose kernels {ops} lists")
        for name in (name for name in networks if name in members):
            network = networks[name]
            predicted = model.predict_group(members[name])
            found.add(NETWORK, network.macs, predicted, network.ms, fingerprint(name) in known)
    return found


def judge_blocks(model: SpeedModel, path: Path) -> Judgement:
    """On a table of measured blocks (`block_table`).

    Where table and card both have the reference block, the table's times are brought to the speed
    that the device had for the card: a shared computer is a fifth slower in one hour than the next.

    Raises:
        DataError: the table is empty, of several devices, or cannot be read or right, or its
            reference is so far off the card's that it must be of another device or in other units.
    """
    blocks = blocks_of_one_device(path)
    reference = reference_ms(blocks)
    unit = model.card.get("reference_ms")
    scale = unit / reference if unit and reference else 1.0
    if not 1 / ANOTHER < scale < ANOTHER:
        raise DataError(
            f"{path}: the reference block takes {reference:g} ms, {unit:g} ms on the card; are "
            "they of the same device, and are the units right?"
        )
    known = set(model.card["seen"])
    found = Judgement(scale=scale)
    for block in blocks:
        group = launches(block.kernels, model.runtime.links)[0]
        size = float(sum(kernel.macs or kernel.elements_read for kernel in block.kernels))
        seen = fingerprint(tuple(group)) in known
        found.add(block.block, size, model.predict_group(group), scale * block.ms, seen)
    found.check_units()
    return found
