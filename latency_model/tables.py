"""Measured phone tables: reading them, and refusing what cannot be right.

They are `tflite_gpu_ops.csv`, `tflite_end_to_end.csv` and `vulkan_ops.csv` of
qed-usc/mobile-ml-benchmark (MIT): 90 networks on six phones, each kernel and each whole network, in
microseconds on file, in milliseconds from here on.
"""

from __future__ import annotations

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from .kernel import Kernel
from .launches import Launch

US_PER_MS = 1e3
ELEMENTWISE_OPERANDS = {"aten::add": 2, "aten::mul": 2, "aten::relu": 1}
NEIGHBOURS, ALIKE = 8, 4.0  # rows of a kind within that factor in size are neighbours
TOO_FAR = 300.0  # a row that is that many times off its neighbours is in other units


@dataclass(frozen=True)
class Row:
    """One measured kernel of one network.

    Attributes:
        model: the network it is part of.
        compiled: the delegate's name of the kernel, with `linked` for each operator fused into it.
    """

    model: str
    kernel: Kernel
    ms: float
    compiled: str

    @property
    def launch(self) -> Launch:
        """The kernel and what is compiled into it; an ADD at once behind it reads a second map."""
        links = re.findall(r"linked_:_([a-z_]+?)_?\d", self.compiled)
        return Launch(self.kernel, len(links), int(links[:1] == ["add"]))

    @property
    def is_pair(self) -> bool:
        """Whether this is half of a depthwise + 1x1 pair that the iPhones run as one kernel."""
        return "depthwise_conv_plus" in self.compiled


@dataclass(frozen=True)
class Network:
    """One measured whole network."""

    ms: float
    macs: float


def read_kernels(path: Path, device: str) -> list[Row]:
    """The GPU rows of one phone, in the file's order.

    Raises:
        DataError: the file cannot be read, lacks a column, holds an operator that is not known or a
            time that cannot be right; the message names the line.
    """
    columns = "model", "operation", "feature", f"{device}|gpu|float", f"{device}|gpu|kernel"
    rows = []
    for where, line in _lines(path, columns):
        model, operation, feature, time, compiled = (line[column] for column in columns)
        kernel = _kernel(operation, _shape(feature, where), where)
        rows.append(Row(model, kernel, _milliseconds(time, where), compiled))
    if not rows:
        raise DataError(f"{path} holds no row")
    kernels = [row.kernel for row in rows]
    sizes = [float(kernel.macs or kernel.elements_read) for kernel in kernels]
    check_units([kernel.op for kernel in kernels], sizes, np.array([row.ms for row in rows]), path)
    return rows


def read_elementwise(path: Path, device: str) -> list[tuple[Kernel, float]]:
    """Element-wise kernels of PyTorch-Mobile's Vulkan (or Metal) backend, if this phone has any."""
    found = []
    for where, line in _lines(path, ("operation", "feature")):
        operands = ELEMENTWISE_OPERANDS.get(line["operation"])
        time = line.get(f"{device}|gpu|float")
        if operands and time:
            shape = _shape(line["feature"], where)
            c, side = int(shape["input_channel"]), int(shape["input_shape"])
            op = line["operation"].removeprefix("aten::").upper()
            kernel = Kernel(op, operands * c, c, 1, 1, 1, side, side)
            found.append((kernel, _milliseconds(time, where)))
    return found


def read_networks(path: Path, device: str) -> dict[str, Network]:
    """Whole networks on the GPU of one phone, by name.

    Raises:
        DataError: as `read_kernels`; a network that comes twice or does no work.
    """
    time = f"{device}|gpu|float|mean"
    found: dict[str, Network] = {}
    for where, line in _lines(path, ("model", "FLOPS", time)):
        name, macs = line["model"], _number(line["FLOPS"], where) / 2
        if name in found:
            raise DataError(f"{where}: a second row of {name}")
        if not 0 < macs < float("inf"):
            raise DataError(f"{where}: {line['FLOPS']} FLOPS")
        found[name] = Network(_milliseconds(line[time], where), macs)
    networks = list(found.values())
    check_units(
        ["a network"] * len(found),
        [network.macs for network in networks],
        np.array([network.ms for network in networks]),
        path,
    )
    return found


def family(model: str) -> str:
    """Kin of a network: all MobileNets, all ResNets and all RegNets count as one family each."""
    for name in ("mobilenet", "resn", "regnet"):
        if name in model:
            return name
    return re.match("[a-z]+", model).group()


def _lines(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each line is, and what it holds."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path} has no column {', '.join(map(repr, missing))}")
            for line in reader:
                yield f"{path}, line {reader.line_num}", line
    except OSError as error:
        raise DataError(f"cannot read the latency table {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV table: {error}") from error


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {text!r} is no number") from error


def _milliseconds(text: str | None, where: str) -> float:
    if text is None:
        raise DataError(f"{where}: fewer fields than the header has")
    try:
        ms = float(text) / US_PER_MS
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {text!r} is no time in microseconds") from error
    if not 0 < ms < float("inf"):
        raise DataError(f"{where}: a time of {text} us")
    return ms


def _shape(text: str, where: str) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in ast.literal_eval(text).items()}
    except (ValueError, SyntaxError, AttributeError) as error:
        raise DataError(f"{where}: the shape {text!r} cannot be read") from error


def _kernel(operation: str, shape: dict[str, str], where: str) -> Kernel:
    """A row of tflite_gpu_ops.csv in our vocabulary; a '-' in the table becomes 1."""

    def number(key: str) -> int:
        if key not in shape:
            raise DataError(f"{where}: the shape has no {key!r}")
        if shape[key] == "-":
            return 1
        least = 0 if key in ("Kernel", "Stride") else 1  # an operator without a window has 0
        if not shape[key].isdigit() or int(shape[key]) < least:
            raise DataError(f"{where}: {key} {shape[key]!r} is no positive whole number")
        return int(shape[key])

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
        case "AVERAGE_POOL_2D" | "MAX_POOL_2D":
            return Kernel(operation, cin, cin, k, stride, 1, side, side)
    raise DataError(f"{where}: unknown operation {operation!r}")


def check_units(kinds: Sequence[str], sizes: Sequence[float], ms: np.ndarray, path: Path) -> None:
    """Raises DataError where a row is in other units than the rows of its kind most like it.

    Args:
        kinds: [N], of the file's rows, in their order. sizes: [N], by which rows are alike.
    """
    by_kind: dict[str, list[int]] = defaultdict(list)
    for row, kind in enumerate(kinds):
        by_kind[kind].append(row)
    size = np.array(sizes)
    for kind, members in by_kind.items():
        rows = np.array(members)[np.argsort(size[members], kind="stable")]
        for place, row in enumerate(rows):
            near = rows[max(0, place - NEIGHBOURS // 2) : place + NEIGHBOURS // 2 + 1]
            near = near[np.abs(np.log(size[near] / size[row])) < np.log(ALIKE)]
            off = float(ms[row] / np.median(ms[near]))
            if len(near) > 2 and not 1 / TOO_FAR < off < TOO_FAR:
                raise DataError(
                    f"{path}, line {row + 2}: {kind} takes {ms[row]:g} ms, {off:.0e} times what "
                    "rows like it take; are its units right?"
                )
