"""A device's card from a table of measured blocks; `latency fit sweep.csv`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .block_table import Block, read_blocks, reference_ms
from .cards import as_card, calibrated, fit_parts, held_out
from .evaluation import configuration_folds
from .fit import Measurements, fit, mape, measurements
from .intervals import LEVEL
from .launches import launches
from .runtimes import RUNTIMES, Numbers, Runtime
from .seen import fingerprints
from .speed_model import FORMAT
from .tables import check_units

MIN_BLOCKS = 50
UNMEASURED = 0.5  # log error of what was never measured: about what it is on the phones
LARGEST = 0.2  # of the blocks, predicted from the smaller half, for launches out of range
GPUS = "adreno|mali|powervr|apple"
PRECISION = {True: "fp32 (LiteRT's CPU kernels)", False: "fp16 (LiteRT's GPU delegate)"}


def fit_blocks(path: Path, device: str) -> dict:
    """Everything that a card holds, from one table.

    Args:
        path: CSV, see `block_table`. device: the name of the card.

    Raises:
        DataError: too few rows, several devices, or a row that cannot be right.
    """
    blocks = blocks_of_one_device(path)
    runtime = runtime_of(blocks[0])
    table, kinds = block_measurements(blocks, runtime)
    if len(kinds) < MIN_BLOCKS:
        raise DataError(
            f"{path} holds {len(kinds)} different blocks; a fit needs {MIN_BLOCKS} or more"
        )
    found = fit(table)
    fold = configuration_folds(table)
    guess, closeness = held_out(table, fold)
    error = np.log(table.ms / guess)
    others = {
        "beyond": _extrapolation_error(table),
        "prior": np.full(99, UNMEASURED),
        "network": error,
    }
    intervals, covered = calibrated(table, fold, guess, closeness, others)
    off = 100 * np.abs(guess / table.ms - 1)
    return {
        "format": FORMAT,
        "device": device,
        "phone": public_name(blocks[0]),
        "chip": public_name(blocks[0]),
        "runtime": runtime.name,
        "precision": PRECISION[runtime.name == "cpu"],
        "measured": max(block.measured for block in blocks),
        "source": f"{len(blocks)} blocks measured on the device with {blocks[0].backend}",
        "licence": "Apache-2.0 (no measured time is included)",
        "reference_ms": reference_ms(blocks),
        "rows": len(blocks),
        "configurations": len(table.ms),
        "seen": fingerprints(tuple(launches(block.kernels, runtime.links)[0]) for block in blocks),
        "composition": {"a_ms": 0.0, "b": 1.0, "c": 0.0},
        "intervals": as_card(intervals),
        "errors": {
            "unit": "absolute percentage error",
            "fitted": mape(found.predict(table), table.ms),
            "held_out": {
                "block": mape(guess, table.ms),
                "block_median": round(float(np.median(off)), 2),
                "block_90th_percentile": round(float(np.quantile(off, 0.9)), 2),
                "by_block": by_kind(kinds, guess, table.ms),
                "interval_level": LEVEL,
                "blocks_covered": covered,
            },
        },
        **fit_parts(found, table),
    }


def blocks_of_one_device(path: Path) -> list[Block]:
    """The rows of a table. Raises DataError if they are of several devices or cannot be right."""
    blocks = read_blocks(path)
    if not blocks:
        raise DataError(f"{path} holds no block")
    sources = sorted({f"{block.device} by {block.backend}" for block in blocks})
    if len(sources) > 1:
        raise DataError(f"{path} mixes devices: {'; '.join(sources)}")
    sizes = [
        float(sum(kernel.macs + kernel.elements_written for kernel in block.kernels))
        for block in blocks
    ]
    check_units([block.block for block in blocks], sizes, np.array([b.ms for b in blocks]), path)
    return blocks


def runtime_of(block: Block) -> Runtime:
    """What ran a block: the host's CPU, or the kind of GPU that its device's name says."""
    if block.backend == "litert-cpu":
        return RUNTIMES["cpu"]
    named = re.search(GPUS, block.device.lower())
    return RUNTIMES[named[0] if named else "gpu"]


def public_name(block: Block) -> str:
    """The device of a block, a phone without its serial number: cards are shared."""
    if block.backend != "adb-gpu":
        return block.device
    model, _, rest = block.device.partition(" (")
    gpu = rest.rstrip(")").partition(", ")[2]
    return f"{model} ({gpu})" if gpu else model


def block_measurements(blocks: Sequence[Block], runtime: Runtime) -> tuple[Measurements, list[str]]:
    """Blocks as what they launch, and their kinds; repeated ones merge to their median."""
    groups = [tuple(launches(block.kernels, runtime.links)[0]) for block in blocks]
    kinds = dict(zip(groups, (block.block for block in blocks), strict=True))
    table = measurements(zip(groups, (block.ms for block in blocks), strict=True), runtime)
    return table, list(kinds.values())


def by_kind(kinds: Sequence[str], guess: Numbers, ms: Numbers) -> dict[str, float]:
    """`mape` of each kind of block."""
    member = np.array(kinds)
    return {kind: mape(guess[member == kind], ms[member == kind]) for kind in sorted(set(kinds))}


def _extrapolation_error(table: Measurements) -> Numbers:
    """log(measured / predicted) of the largest blocks by a fit to the smaller half."""
    size: NDArray[np.int64] = np.argsort(table.sums(table.seen.work), kind="stable")
    small, large = size[: len(size) // 2], size[-int(LARGEST * len(size)) :]
    unseen = table.take(np.sort(large))
    return np.log(unseen.ms / fit(table.take(np.sort(small))).predict(unseen))
