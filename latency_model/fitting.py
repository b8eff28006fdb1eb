"""Fits a phone's device file from its measured tables; `latency fit`.

Constants are rounded to four digits, far coarser than a machine's rounding errors, so that a file
is rebuilt bit for bit.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..errors import UsageError
from .evaluation import (
    LARGE_SIDE,
    SMALL_SIDE,
    extrapolation,
    fitted_errors,
    held_out_configurations,
    held_out_families,
    mape,
    network_sums,
)
from .features import PATHS, features
from .roofline import Table, fit_line, fit_paths, kernel_table, moving_rows, predict
from .speed_model import CONSTANTS, FORMAT, SpeedModel, measures
from .tables import Row, read_elementwise, read_kernels, read_networks

PHONES = {
    "s10": ("Samsung Galaxy S10", "Exynos 9820, Mali-G76"),
    "pixel4": ("Google Pixel 4", "Snapdragon 855, Adreno 640"),
    "mi8se": ("Xiaomi Mi 8 SE", "Snapdragon 710, Adreno 616"),
    "a03s": ("Samsung Galaxy A03s", "Helio P35, PowerVR GE8320"),
    "iphone7": ("Apple iPhone 7", "A10 Fusion"),
    "iphonexs": ("Apple iPhone XS", "A12 Bionic"),
}
SOURCE = (
    "github.com/qed-usc/mobile-ml-benchmark, commit 40ba833a: the data of Li, Paolieri, Golubchik, "
    '"Inference Latency Prediction at the Edge", 2022. Constants fitted to it; no row is included.'
)
PRECISION = "fp16 (TFLite 2.10 GPU delegate; the tables hold no fp32 or int8 GPU rows)"
# TFLite 2.10 common/selectors; the measured kernels agree (`agreement` in the card). Adreno asks
# for more, and no row of the tables gets there: direct convolution is priced, the gap is named.
WINOGRAD_RULE = {"min_groups": 16, "min_tiles": 32}
ADRENO_WINOGRAD_RULE = {"min_groups": 32, "min_tiles": 128}


def fit_device(csv_folder: Path, device: str) -> dict:
    """Everything that a device file holds, from the tables alone.

    Args:
        csv_folder: holds tflite_gpu_ops.csv, tflite_end_to_end.csv and vulkan_ops.csv.
        device: a key of `PHONES`.

    Raises:
        UsageError: unknown device. DataError: a table is missing.
    """
    if device not in PHONES:
        raise UsageError(f"no phone table for {device!r}; known: {', '.join(PHONES)}")
    csv_folder = Path(csv_folder)
    rows = read_kernels(csv_folder / "tflite_gpu_ops.csv", device)
    elementwise = read_elementwise(csv_folder / "vulkan_ops.csv", device)
    networks = read_networks(csv_folder / "tflite_end_to_end.csv", device)
    rule = WINOGRAD_RULE if any("winograd" in row.compiled for row in rows) else None

    table = kernel_table(rows, rule)
    constants = _rounded(fit_paths(table, elementwise))
    sums = network_sums(rows, rule, constants)
    a, b = fit_line(
        np.array([sums[model] for model in networks]),
        np.array([network.ms for network in networks.values()]),
    )
    phone, chip = PHONES[device]
    card = {
        "format": FORMAT,
        "device": device,
        "phone": phone,
        "chip": chip,
        "precision": PRECISION,
        "source": SOURCE,
        "licence": "MIT (the tables)",
        "rows": len(rows),
        "configurations": len(table),
        "elementwise_rows": len(elementwise),
        "networks": len(networks),
        "network": dict(zip(("a_ms", "b"), _rounded(np.array([a, b])).tolist(), strict=True)),
        "winograd": rule and {**rule, "agreement": _agreement(rows, rule)},
        "winograd_unmeasured": None if rule else ADRENO_WINOGRAD_RULE,
        "paths": _paths(table, constants),
    }
    moving = moving_rows(table, elementwise)
    card["errors"] = {
        "unit": "mean absolute percentage error",
        "prior_on_its_evidence": mape(predict(moving, constants), moving.ms),
        "fitted": fitted_errors(SpeedModel(card), rows, networks),
        "held_out": {
            **held_out_configurations(table, elementwise),
            **held_out_families(rows, networks, rule, elementwise),
            f"conv2d_from_side_{SMALL_SIDE}_to_{LARGE_SIDE}": extrapolation(table, elementwise),
        },
    }
    return card


def _paths(table: Table, constants: np.ndarray) -> dict:
    paths = {}
    for index, name in enumerate(PATHS):
        rows = np.flatnonzero(table.path == index)
        seen = [measures(table.kernels[row]) for row in rows]
        ranges = {
            key: [round(min(one[key] for one in seen), 2), round(max(one[key] for one in seen), 2)]
            if seen
            else [0.0, 0.0]
            for key in ("side", "cin", "cout", "k")
        }
        paths[name] = {
            **dict(zip(CONSTANTS, constants[index].tolist(), strict=True)),
            "configurations": len(rows),
            "range": ranges,
        }
    return paths


def _agreement(rows: list[Row], rule: dict) -> float:
    """Share of the 3x3 stride-1 convolutions whose kernel the rule names rightly."""
    plain = [
        row
        for row in rows
        if (row.kernel.op, row.kernel.k, row.kernel.stride) == ("CONV_2D", 3, 1)
        and row.kernel.groups == 1
    ]
    guess = features([row.kernel for row in plain], rule).winograd.tolist()
    right = [(g > 0.5) == ("winograd" in row.compiled) for g, row in zip(guess, plain, strict=True)]
    return round(sum(right) / len(right), 4)


def _rounded(values: np.ndarray) -> np.ndarray:
    """To four significant digits."""
    return np.vectorize(lambda value: float(f"{value:.4g}"), otypes=[float])(values)


def fit_all(csv_folder: Path, out_folder: Path) -> None:
    """Write one device file per phone, `out_folder`/DEVICE.json, after all are fitted."""
    texts = {device: to_json(fit_device(csv_folder, device)) for device in PHONES}
    Path(out_folder).mkdir(parents=True, exist_ok=True)
    for device, text in texts.items():
        (Path(out_folder) / f"{device}.json").write_text(text, encoding="utf-8")


def to_json(card: dict) -> str:
    """The text of a device file."""
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"
