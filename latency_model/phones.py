"""The six phones of the tables: their cards, fitted again by `latency fit FOLDER`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..errors import DataError, UsageError
from .cards import as_card, calibrated, fit_parts, held_out, write_card
from .digits import digits
from .evaluation import (
    FOLDS,
    LARGE_SIDE,
    SMALL_SIDE,
    compose,
    configuration_folds,
    extrapolation,
    family_folds,
    held_out_configurations,
    held_out_families,
    kernel_table,
    network_sums,
    plain_convolutions,
)
from .fit import (
    Fit,
    Measurements,
    as_elementwise,
    by_path,
    fit,
    mape,
    measurements,
    roofline_alone,
)
from .intervals import LEVEL, coverage, half_width
from .kernel import Kernel
from .launches import Launch
from .runtimes import RUNTIMES, Numbers, Runtime
from .seen import fingerprints
from .speed_model import FORMAT
from .tables import Network, Row, read_elementwise, read_kernels, read_networks

PHONES = {
    "s10": ("Samsung Galaxy S10", "Exynos 9820, Mali-G76", "mali"),
    "pixel4": ("Google Pixel 4", "Snapdragon 855, Adreno 640", "adreno"),
    "mi8se": ("Xiaomi Mi 8 SE", "Snapdragon 710, Adreno 616", "adreno"),
    "a03s": ("Samsung Galaxy A03s", "Helio P35, PowerVR GE8320", "powervr"),
    "iphone7": ("Apple iPhone 7", "A10 Fusion", "apple"),
    "iphonexs": ("Apple iPhone XS", "A12 Bionic", "apple"),
}
SOURCE = (
    "github.com/qed-usc/mobile-ml-benchmark, commit 40ba833a: the data of Li, Paolieri, Golubchik, "
    '"Inference Latency Prediction at the Edge", 2022. Fitted to it; no measured time is included.'
)
MEASURED = "2022"  # the tables say no more
PRECISION = "fp16 (TFLite 2.10 GPU delegate; the tables hold no fp32 or int8 GPU rows)"
MOVING = ("CONCATENATION", "MAX_POOL_2D")  # operators of the tables that only move data ...
MOVING_CHANNELS = 256  # ... up to so many channels


def read_phone(
    csv_folder: Path, device: str
) -> tuple[list[Row], dict[str, Network], Measurements, Runtime]:
    """One phone's rows, networks and evidence for the element-wise path.

    Args:
        csv_folder: holds tflite_gpu_ops.csv, tflite_end_to_end.csv and vulkan_ops.csv.
        device: a key of `PHONES`.

    Raises:
        UsageError: unknown device. DataError: a table is missing or cannot be right.
    """
    if device not in PHONES:
        raise UsageError(f"no phone table for {device!r}; known: {', '.join(PHONES)}")
    runtime = RUNTIMES[PHONES[device][2]]
    rows = read_kernels(Path(csv_folder) / "tflite_gpu_ops.csv", device)
    networks = read_networks(Path(csv_folder) / "tflite_end_to_end.csv", device)
    elementwise = read_elementwise(Path(csv_folder) / "vulkan_ops.csv", device)
    if alone := sorted({row.model for row in rows} ^ set(networks)):
        raise DataError(f"{csv_folder}: only one of the two tables has {', '.join(alone)}")
    return rows, networks, moving_evidence(rows, elementwise, runtime), runtime


def moving_evidence(
    rows: list[Row], elementwise: list[tuple[Kernel, float]], runtime: Runtime
) -> Measurements:
    """What only moves data: the evidence for operators that the tables do not hold.

    This runtime's max pools and concatenations of few channels, and the element-wise kernels of
    another runtime on the same phone, where there are any.
    """
    moving = [
        ((Launch(row.kernel),), row.ms)
        for row in rows
        if row.kernel.op in MOVING and row.kernel.cout <= MOVING_CHANNELS
    ]
    moving += [((Launch(kernel),), ms) for kernel, ms in elementwise]
    return as_elementwise(measurements(moving, runtime))


def fit_phone(csv_folder: Path, device: str) -> dict:
    """Everything that a phone's card holds, from the tables alone; errors as `read_phone`."""
    rows, networks, evidence, runtime = read_phone(csv_folder, device)
    table = kernel_table(rows, runtime)
    found = fit(table, evidence)
    phone, chip, _ = PHONES[device]
    composition = compose(network_sums(rows, found, runtime), networks)
    return {
        "format": FORMAT,
        "device": device,
        "phone": phone,
        "chip": chip,
        "runtime": runtime.name,
        "precision": PRECISION,
        "measured": MEASURED,
        "source": SOURCE,
        "licence": "MIT (the tables)",
        "rows": len(rows),
        "configurations": len(table.ms),
        "elementwise_configurations": len(evidence.ms),
        "networks": len(networks),
        "seen": fingerprints([*table.launches, *networks]),
        "composition": {k: float(digits(v, 4)) for k, v in asdict(composition).items()},
        **_judged(rows, networks, table, evidence, found, runtime),
        **fit_parts(found, table),
    }


def _judged(
    rows: list[Row],
    networks: dict[str, Network],
    table: Measurements,
    evidence: Measurements,
    found: Fit,
    runtime: Runtime,
) -> dict:
    """Intervals and errors, all but `fitted` on what a fit had not seen."""

    def fitter(seen: Measurements) -> Fit:
        return fit(seen, evidence)

    fold = configuration_folds(table)
    guess, closeness = held_out(table, fold, evidence)
    measured = np.array([network.ms for network in networks.values()])
    whole = np.array(list(held_out_families(rows, networks, runtime, fitter).values()))
    network_error = np.log(measured / whole)
    far, far_measured = extrapolation(table, fitter)
    by_prior = held_out_configurations(evidence, configuration_folds(evidence), roofline_alone)
    others = {
        "beyond": np.log(far_measured / far),
        "prior": np.log(evidence.ms / by_prior),
        "network": network_error,
    }
    intervals, covered = calibrated(table, fold, guess, closeness, others)
    convolution = plain_convolutions(table)
    return {
        "intervals": as_card(intervals),
        "errors": {
            "unit": "mean absolute percentage error",
            "fitted": by_path(found.predict(table), table),
            "held_out": {
                "by_path": by_path(guess, table),
                "conv2d": mape(guess[convolution], table.ms[convolution]),
                f"conv2d_from_side_{SMALL_SIDE}_to_{LARGE_SIDE}": mape(far, far_measured),
                "network": mape(whole, measured),
                "network_worst": round(100 * float(np.abs(whole / measured - 1).max()), 1),
                "prior": mape(by_prior, evidence.ms),
                "interval_level": LEVEL,
                "kernels_covered": covered,
                "networks_covered": _networks_covered(network_error, list(networks)),
            },
        },
    }


def _networks_covered(error: Numbers, models: list[str]) -> float:
    """How many networks of each fold of families the quantile of the other folds covers."""
    fold = np.array(list(family_folds(models).values()))
    half = np.empty(len(error))
    for number in range(FOLDS):
        half[fold == number] = half_width(error[fold != number], error)
    return coverage(error, half)


def fit_all(csv_folder: Path, out_folder: Path, report: Callable[[str], None]) -> None:
    """Write one device file per phone, `out_folder`/DEVICE.json, after all are fitted.

    Args:
        report: told the name of each device before it is fitted, which takes about four minutes.

    Raises:
        DataError: a table is missing or cannot be right, of whichever phone.
        UsageError: the folder cannot be written; both before anything is fitted.
    """
    for device in PHONES:
        read_phone(csv_folder, device)
    try:
        Path(out_folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {out_folder}: {error.strerror}") from error
    cards = {}
    for device in PHONES:
        report(device)
        cards[device] = fit_phone(csv_folder, device)
    for device, card in cards.items():
        write_card(card, Path(out_folder) / f"{device}.json")
