"""Fits the roofline constants of `speed_model.py` to measured phone tables, always the same bits.

The tables are `tflite_gpu_ops.csv`, `tflite_end_to_end.csv` and `vulkan_ops.csv` of
qed-usc/mobile-ml-benchmark (MIT). Rows that repeat a configuration across models are merged by
their median first, so that no configuration stands on both sides of a split. The fit is a damped
Gauss-Newton descent on log(predicted / measured) with a pseudo-Huber loss, in the logarithms of the
four constants, which keeps them positive, and with a weak pull to its start, which keeps paths of
few rows sane. Constants are rounded to four digits, far coarser than a machine's rounding errors.

Tried on the s10 without gain (10 % per convolution, 9 % per network either way): a fifth constant
for the start of each work item, more weight for long kernels, a sum for the smooth maximum.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..errors import DataError, UsageError
from .features import PATHS, features
from .kernel import Kernel
from .speed_model import CONSTANTS, FORMAT, PER_MS, SpeedModel, measures

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
VULKAN_OPERANDS = {"aten::add": 2, "aten::mul": 2, "aten::relu": 1}

FOLDS = 5
HUBER = 0.2  # log error from which a row counts less: three times the tables' noise
PULL = 0.5  # weight of the pull to the start, against one per row
STARTS = (30.0, 3000.0)  # work items at half speed, from which the descent starts
SMALL_SIDE, LARGE_SIDE = 60, 100  # pixels: the extrapolation that is tested

Residuals = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # errors and their Jacobian


@dataclass(frozen=True)
class Row:
    """One measured kernel of one model."""

    model: str
    kernel: Kernel
    ms: float
    compiled: str  # the delegate's kernel name


@dataclass(frozen=True)
class Table:
    """Configurations of one phone: a kernel each, its features and its median time."""

    kernels: list[Kernel]
    ms: np.ndarray
    path: np.ndarray  # index into PATHS, Winograd decided
    work: np.ndarray
    bytes: np.ndarray
    threads: np.ndarray

    def __len__(self) -> int:
        return len(self.kernels)

    def take(self, rows: np.ndarray) -> Table:
        """The given rows."""
        return Table(
            [self.kernels[row] for row in rows],
            *(getattr(self, name)[rows] for name in ("ms", "path", "work", "bytes", "threads")),
        )


# Reading


def read_rows(csv_folder: Path, device: str) -> list[Row]:
    """The TFLite GPU rows of one phone, in the file's order."""
    rows = []
    for line in _lines(csv_folder / "tflite_gpu_ops.csv"):
        shape = {key: str(value) for key, value in ast.literal_eval(line["feature"]).items()}
        rows.append(
            Row(
                line["model"],
                _kernel(line["operation"], shape),
                float(line[f"{device}|gpu|float"]) / 1e3,
                line[f"{device}|gpu|kernel"],
            )
        )
    return rows


def read_elementwise(csv_folder: Path, device: str) -> list[tuple[Kernel, float]]:
    """Element-wise kernels of PyTorch-Mobile's Vulkan (or Metal) backend, if this phone has any."""
    found = []
    for line in _lines(csv_folder / "vulkan_ops.csv"):
        operands = VULKAN_OPERANDS.get(line["operation"])
        value = line.get(f"{device}|gpu|float")
        if operands and value:
            shape = ast.literal_eval(line["feature"])
            c, side = int(shape["input_channel"]), int(shape["input_shape"])
            op = line["operation"].removeprefix("aten::").upper()
            found.append((Kernel(op, operands * c, c, 1, 1, 1, side, side), float(value) / 1e3))
    return found


def read_networks(csv_folder: Path, device: str) -> dict[str, tuple[float, float]]:
    """model: (milliseconds on the GPU, MACs) of the whole networks."""
    return {
        line["model"]: (float(line[f"{device}|gpu|float|mean"]) / 1e3, float(line["FLOPS"]) / 2)
        for line in _lines(csv_folder / "tflite_end_to_end.csv")
    }


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f"cannot read the latency table {path}: {error.strerror}") from error


def _kernel(operation: str, shape: dict[str, str]) -> Kernel:
    """A row of tflite_gpu_ops.csv in our vocabulary; a '-' in the table becomes 1."""

    def number(key: str) -> int:
        return int(shape[key]) if shape[key].isdigit() else 1

    cin, cout, side = number("Input_channel"), number("Filter"), number("Output_shape")
    k, stride = number("Kernel"), number("Stride")
    match operation:
        case "CONV_2D":
            return Kernel(operation, cin, cout, k, stride, 1, side, side)
        case "CONV_2D_GROUP":
            return Kernel("CONV_2D", cin, cout, k, stride, number("Group"), side, side)
        case "DEPTHWISE_CONV_2D":
            return Kernel(operation, cin, cin, k, stride, cin, side, side)
        case "FULLY_CONNECTED":
            return Kernel(operation, cin, cout, 1, 1, 1, 1, 1)
        case "CONCATENATION":
            return Kernel(operation, cout, cout, 1, 1, 1, side, side)
        case "MEAN":  # over the whole map
            return Kernel(operation, cin, cin, number("Input_shape") ** 2, 1, 1, 1, 1)
        case "AVERAGE_POOL_2D" if side == 1:  # the delegate runs it as a mean
            return Kernel("MEAN", cin, cin, k**2, 1, 1, 1, 1)
        case _:
            return Kernel(operation, cin, cin, k, stride, 1, side, side)


def family(model: str) -> str:
    """Kin of a network: all MobileNets, all ResNets and all RegNets count as one family each."""
    for name in ("mobilenet", "resn", "regnet"):
        if name in model:
            return name
    return re.match("[a-z]+", model).group()


def tabulate(measured: list[tuple[Kernel, float]], rule: dict | None) -> Table:
    """Merges repeated configurations by their median."""
    times: dict[Kernel, list[float]] = defaultdict(list)
    for kernel, ms in measured:
        times[kernel].append(ms)
    kernels = list(times)
    seen = features(kernels, rule)
    turned = seen.winograd > 0.5

    def chosen(direct: torch.Tensor, winograd: torch.Tensor) -> np.ndarray:
        return torch.where(turned, winograd, direct).numpy()

    return Table(
        kernels,
        np.array([np.median(values) for values in times.values()]),
        chosen(seen.path, torch.full_like(seen.path, PATHS.index("winograd"))),
        chosen(seen.work, seen.winograd_work),
        chosen(seen.bytes, seen.winograd_bytes),
        seen.threads.numpy(),
    )


def _op_table(rows: list[Row], rule: dict | None) -> Table:
    """Without the few depthwise + 1x1 pairs that the iPhones' delegate runs as one kernel."""
    kept = [(row.kernel, row.ms) for row in rows if "depthwise_conv_plus" not in row.compiled]
    return tabulate(kept, rule)


# Fitting


def fit_roofline(table: Table, start: np.ndarray | None = None) -> np.ndarray:
    """The four constants of one path.

    Args:
        table: its configurations.
        start: constants to begin with and to stay near; found from the rows if None.

    Returns:
        [4], as `CONSTANTS`.
    """
    starts = [start]
    if start is None:
        rate = np.quantile(table.work / table.ms, 0.9) / PER_MS
        flow = np.quantile(table.bytes / table.ms, 0.9) / PER_MS
        starts = [
            np.array([table.ms.min() / 2, rate * more, flow * 10 / more, half_threads])
            for half_threads in STARTS
            for more in (1.0, 10.0)  # bound by traffic, bound by work
        ]
    found = [_descend(table, np.log(begin)) for begin in starts]
    return np.exp(min(found, key=lambda pair: pair[0])[1])


def _descend(table: Table, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Levenberg-Marquardt in the logarithms; (cost, log constants)."""

    def residuals(log_constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        launch, throughput, bandwidth, half = np.exp(log_constants)
        ideal = table.work / (throughput * PER_MS)
        compute = ideal * (1 + half / table.threads)
        traffic = table.bytes / (bandwidth * PER_MS)
        corner = np.hypot(compute, traffic) + 1e-30
        total = launch + corner
        slopes = np.stack(
            [
                np.full_like(total, launch),
                -(compute**2) / corner,
                -(traffic**2) / corner,
                compute * ideal * half / table.threads / corner,
            ],
            axis=1,
        )
        error = np.concatenate([np.log(total / table.ms), PULL * (log_constants - start)])
        return error, np.concatenate([slopes / total[:, None], PULL * np.eye(4)])

    return _gauss_newton(residuals, start)


def _gauss_newton(residuals: Residuals, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Damped descent on the pseudo-Huber loss of the residuals; (cost, parameters)."""

    def cost(error: np.ndarray) -> float:
        return float((np.sqrt(1 + (error / HUBER) ** 2) - 1).sum())

    point, damping = start, 1e-2
    error, slopes = residuals(point)
    for _ in range(200):
        weight = 1 / np.sqrt(1 + (error / HUBER) ** 2)
        normal = slopes.T @ (slopes * weight[:, None])
        downhill = -slopes.T @ (error * weight)
        step = np.linalg.solve(normal + damping * np.diag(normal.diagonal() + 1e-12), downhill)
        step = np.clip(step, -2.0, 2.0)  # no constant changes by more than e² at once
        new_error, new_slopes = residuals(point + step)
        if not cost(new_error) < cost(error):
            damping *= 4
            if damping > 1e8:
                break
            continue
        point, error, slopes, damping = point + step, new_error, new_slopes, damping / 3
        if np.abs(step).max() < 1e-12:
            break
    return cost(error), point


def fit_paths(table: Table, elementwise: list[tuple[Kernel, float]]) -> np.ndarray:
    """Constants of every path, [paths, 4].

    All direct convolutions together give the start of each convolution path, and its constants
    where the table holds none. The element-wise prior is fitted on `_moving`.
    """
    direct = [PATHS.index(name) for name in ("conv_1x1", "conv_3x3", "conv_strided", "conv_large")]
    shared = fit_roofline(table.take(np.flatnonzero(np.isin(table.path, direct))))
    constants = np.tile(shared, (len(PATHS), 1))
    for index, name in enumerate(PATHS):
        rows = np.flatnonzero(table.path == index)
        if name == "elementwise" or not len(rows):
            continue
        is_convolution = index in direct or name == "winograd"
        constants[index] = fit_roofline(table.take(rows), shared if is_convolution else None)
    moving = _moving(table, elementwise)
    if len(moving):
        constants[PATHS.index("elementwise")] = fit_roofline(moving)
    return constants


def _moving(table: Table, elementwise: list[tuple[Kernel, float]]) -> Table:
    """What only moves data: the evidence for operators that the tables do not hold.

    This runtime's max pools and concatenations of at most 256 channels, and the element-wise
    kernels of another runtime on the same phone, where there are any.
    """
    moving = [
        (kernel, ms)
        for kernel, ms in zip(table.kernels, table.ms, strict=True)
        if kernel.op in ("CONCATENATION", "MAX_POOL_2D") and kernel.cout <= 256
    ]
    evidence = tabulate(moving + elementwise, None)
    return replace(evidence, path=np.full(len(evidence), PATHS.index("elementwise")))


def predict(table: Table, constants: np.ndarray) -> np.ndarray:
    """Milliseconds of each configuration: the formula of `SpeedModel` in numpy."""
    launch, throughput, bandwidth, half = constants[table.path].T
    compute = table.work / (throughput * PER_MS) * (1 + half / table.threads)
    return launch + np.hypot(compute, table.bytes / (bandwidth * PER_MS))


def fit_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Positive a, b of y ≈ a + b x, by the same robust relative error."""
    start = np.log(np.array([y.min() / 10, np.median(y / x)]))

    def residuals(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = np.exp(logs)
        total = a + b * x
        slopes = np.stack([np.full_like(x, a), b * x], axis=1) / total[:, None]
        error = np.concatenate([np.log(total / y), 1e-3 * (logs - start)])
        return error, np.concatenate([slopes, 1e-3 * np.eye(2)])

    a, b = np.exp(_gauss_newton(residuals, start)[1])
    return float(a), float(b)


# Errors


def mape(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Mean absolute percentage error, rounded to 0.1."""
    return round(float(np.abs(predicted / measured - 1).mean() * 100), 1)


def _held_out_configurations(table: Table, elementwise: list) -> dict:
    """Per path, every configuration predicted by a fit that has not seen it."""
    fold = np.random.default_rng(0).permutation(len(table)) % FOLDS
    guess, line = np.empty(len(table)), np.empty(len(table))
    convolution = np.array(
        [kernel.op == "CONV_2D" and kernel.groups == 1 for kernel in table.kernels]
    )
    macs = np.array([float(kernel.macs) for kernel in table.kernels])
    for number in range(FOLDS):
        seen, rest = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        guess[rest] = predict(table.take(rest), fit_paths(table.take(seen), elementwise))
        seen = seen[convolution[seen]]
        a, b = fit_line(macs[seen], table.ms[seen])
        line[rest] = a + b * macs[rest]
    by_path = {
        name: mape(guess[table.path == index], table.ms[table.path == index])
        for index, name in enumerate(PATHS)
        if (table.path == index).any()
    }
    return {
        "by_path": by_path,
        "conv2d": mape(guess[convolution], table.ms[convolution]),
        "conv2d_linear_in_macs": mape(line[convolution], table.ms[convolution]),
    }


def _held_out_families(
    rows: list[Row], networks: dict[str, tuple[float, float]], rule: dict | None, elementwise: list
) -> dict:
    """Whole networks, each predicted by a fit that has seen none of its family."""
    sizes: dict[str, int] = defaultdict(int)
    for model in networks:
        sizes[family(model)] += 1
    fold_of: dict[str, int] = {}
    filled = [0] * FOLDS
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):  # largest first, evenly
        fold_of[name] = filled.index(min(filled))
        filled[fold_of[name]] += sizes[name]
    errors, line_errors = [], []
    for number in range(FOLDS):
        kept = [row for row in rows if fold_of[family(row.model)] != number]
        constants = fit_paths(_op_table(kept, rule), elementwise)
        sums = _network_sums(rows, rule, constants)
        seen = [model for model in networks if fold_of[family(model)] != number]
        rest = [model for model in networks if fold_of[family(model)] == number]
        for x, out in ((sums, errors), ({m: networks[m][1] for m in networks}, line_errors)):
            a, b = fit_line(
                np.array([x[model] for model in seen]),
                np.array([networks[model][0] for model in seen]),
            )
            out += [(a + b * x[model]) / networks[model][0] - 1 for model in rest]
    return {
        "network": round(float(np.abs(errors).mean() * 100), 1),
        "network_worst": round(float(np.abs(errors).max() * 100), 1),
        "network_linear_in_macs": round(float(np.abs(line_errors).mean() * 100), 1),
    }


def _network_sums(rows: list[Row], rule: dict | None, constants: np.ndarray) -> dict[str, float]:
    """model: sum of its predicted kernel times, ms."""
    table = tabulate([(row.kernel, row.ms) for row in rows], rule)
    times = dict(zip(table.kernels, predict(table, constants).tolist(), strict=True))
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row.model] += times[row.kernel]
    return sums


def _extrapolation(table: Table, elementwise: list) -> float:
    """Convolutions of 100 pixels and more, predicted by a fit that has seen up to 60."""
    side = np.array([kernel.h for kernel in table.kernels])
    convolution = np.array([kernel.op == "CONV_2D" for kernel in table.kernels])
    rest = np.flatnonzero(convolution & (side >= LARGE_SIDE))
    constants = fit_paths(table.take(np.flatnonzero(side <= SMALL_SIDE)), elementwise)
    return mape(predict(table.take(rest), constants), table.ms[rest])


def fitted_errors(model: SpeedModel, csv_folder: Path) -> dict:
    """Errors of the finished model on the very rows it was fitted on, percent."""
    rows = read_rows(csv_folder, model.name)
    table = _op_table(rows, model.winograd_rule)
    times = model.kernel_times(table.kernels).numpy()
    by_path = {
        name: mape(times[table.path == index], table.ms[table.path == index])
        for index, name in enumerate(PATHS)
        if (table.path == index).any()
    }
    by_model: dict[str, list[Kernel]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row.kernel)
    networks = read_networks(csv_folder, model.name)
    guess = np.array([model.latency(by_model[name]) for name in networks])
    measured = np.array([ms for ms, _ in networks.values()])
    return {"by_path": by_path, "network": mape(guess, measured)}


# The card


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
    rows = read_rows(csv_folder, device)
    elementwise = read_elementwise(csv_folder, device)
    networks = read_networks(csv_folder, device)
    rule = WINOGRAD_RULE if any("winograd" in row.compiled for row in rows) else None

    table = _op_table(rows, rule)
    constants = _rounded(fit_paths(table, elementwise))
    sums = _network_sums(rows, rule, constants)
    a, b = fit_line(
        np.array([sums[model] for model in networks]),
        np.array([ms for ms, _ in networks.values()]),
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
    moving = _moving(table, elementwise)
    card["errors"] = {
        "unit": "mean absolute percentage error",
        "prior_on_its_evidence": mape(predict(moving, constants), moving.ms),
        "fitted": fitted_errors(SpeedModel(card), csv_folder),
        "held_out": {
            **_held_out_configurations(table, elementwise),
            **_held_out_families(rows, networks, rule, elementwise),
            f"conv2d_from_side_{SMALL_SIDE}_to_{LARGE_SIDE}": _extrapolation(table, elementwise),
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
