"""A table of measured blocks, a CSV row each: what `latency sweep` writes, `latency fit` reads.

| column | |
|---|---|
| `device` | what was measured: the phone and its serial number, or the host's processor |
| `backend` | `litert-cpu`, `litert-gpu` or `adb-gpu` |
| `block` | kind of the block, as `encoder` |
| `configuration` | its sizes, as `cin=32 cout=48 side=64`; one of a kind is one configuration |
| `kernels` | its operators in order (`kernel.kernels_to_text`) |
| `ms` | milliseconds of one run |
| `spread_ms` | half of the 95 % interval of that number |
| `measured` | date, YYYY-MM-DD |
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import DataError
from ..whole import written_whole
from .features import OPERATORS
from .kernel import Kernel, kernels_from_text, kernels_to_text

REFERENCE_BLOCK = "reference"  # a block that never changes: how fast the device was then


@dataclass(frozen=True)
class Block:
    """One row; see the table above."""

    device: str
    backend: str
    block: str
    configuration: str
    kernels: tuple[Kernel, ...]
    ms: float
    spread_ms: float
    measured: str


COLUMNS = tuple(field.name for field in fields(Block))


def reference_ms(blocks: Iterable[Block]) -> float | None:
    """The time of the reference block, if it is among them."""
    return next((block.ms for block in blocks if block.block == REFERENCE_BLOCK), None)


def append_block(path: Path, block: Block) -> None:
    """Add a row; the file, or the row, appears whole or not at all, even if the power fails."""
    row = io.StringIO()
    table = csv.DictWriter(row, COLUMNS, lineterminator="\n")
    if not path.exists():
        table.writeheader()
    table.writerow(asdict(block) | {"kernels": kernels_to_text(block.kernels)})
    if not path.exists():
        with written_whole(path) as part:
            part.write_text(row.getvalue(), encoding="utf-8")
        return
    with path.open("a", encoding="utf-8") as file:  # one write of one line
        file.write(row.getvalue())
        file.flush()
        os.fsync(file.fileno())


def read_blocks(path: Path) -> list[Block]:
    """The rows of a table, the last one left out if its writing was interrupted.

    A last line that does not end is whole if its date is: the date is the last column.

    Raises:
        DataError: the file cannot be read, lacks a column, holds an operator list or a time that
            cannot be right; the message names the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read the table {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a CSV table: {error}") from error
    text = whole_lines(text)
    table = csv.DictReader(io.StringIO(text), strict=True)
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise DataError(f"{path} has no column {', '.join(map(repr, missing))}")
    try:
        found = [_block(line, f"{path}, line {table.line_num}") for line in table]
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV table: {error}") from error
    return found


def whole_lines(text: str) -> str:
    """The lines of a table whose writing may have been interrupted; the last one ends, too."""
    lines, _, last = text.rpartition("\n")
    return f"{text}\n" if re.search(r",\d{4}-\d\d-\d\d$", last) else lines and f"{lines}\n"


def _block(line: dict[str, str], where: str) -> Block:
    if None in line or None in line.values():
        raise DataError(f"{where}: not as many fields as the header has")
    numbers = {}
    for name in ("ms", "spread_ms"):
        try:
            numbers[name] = float(line[name])
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: {name} {line[name]!r} is no number") from error
    if not 0 < numbers["ms"] < float("inf"):
        raise DataError(f"{where}: a time of {line['ms']} ms")
    if not 0 <= numbers["spread_ms"] < float("inf"):
        raise DataError(f"{where}: a spread of {line['spread_ms']} ms")
    try:
        kernels = tuple(kernels_from_text(line["kernels"]))
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    for kernel in kernels:
        if kernel.op not in OPERATORS:
            raise DataError(f"{where}: unknown operator {kernel.op!r}")
    texts = {name: line[name] for name in COLUMNS}
    return Block(**{**texts, **numbers, "kernels": kernels})
