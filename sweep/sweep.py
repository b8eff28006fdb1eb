"""A sweep: random blocks, measured on the device at hand, into one table (`block_table`).

The speed of a shared computer drifts by 20 to 30 % within an hour. Each batch of blocks therefore
runs beside one that never changes (`REFERENCE`), and its times are multiplied by that one's first
time, which is the table's first row, over its time in the batch. A table so holds the speed that
the device had when the table was begun.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

from ..errors import DataError, UsageError
from ..latency_model.block_table import (
    REFERENCE_BLOCK,
    Block,
    append_block,
    read_blocks,
    reference_ms,
    whole_lines,
)
from ..latency_model.measuring import Measurement
from ..whole import written_whole
from .backends import Backend, ThisComputer
from .blocks import KINDS, Kind, Sizes, configuration, sizes_to_text
from .template import Template

BATCH = 8  # blocks, one of each kind
REFERENCE = KINDS["encoder"], {"trunk": 32, "hidden": 32, "side": 32}


Report = Callable[[str, int, int], None]  # stage, done, total


def run_sweep(
    out: Path,
    minutes: float,
    backend: str | Backend = "litert-cpu",
    seed: int = 0,
    threads: int = 1,
    report: Report | None = None,
) -> int:
    """Measure random blocks of UGATIT for some time and add them to a table.

    What is measured is a function of the seed alone. A table that exists is continued: its
    configurations are skipped.

    Args:
        out: the table, CSV; made if absent, in a folder that exists.
        minutes: of measuring; converting the kinds of block takes about half a minute more.
        backend: "litert-cpu", "litert-gpu", or a `Backend` such as `OnPhone`.
        threads: of this computer's CPU.
        report: told the kinds of block that are converted, then the seconds of measuring.

    Returns:
        The number of rows that were added.

    Raises:
        UsageError: minutes not above 0, no such folder or backend, or a table of another device.
        DataError: the table cannot be read, written or understood.
        PocketstyleError: no converter, or the device cannot be measured.
    """
    if not minutes > 0:
        raise UsageError(f"{minutes:g} minutes of measuring; at least a little above 0")
    if not out.parent.is_dir():
        raise UsageError(f"no such folder: {out.parent}")
    device = ThisComputer(backend, threads) if isinstance(backend, str) else backend
    rows = _continued(out, device)
    templates = _templates(report)
    start, before = time.monotonic(), len(rows)
    while (passed := time.monotonic() - start) < 60 * minutes:
        if report:
            report("seconds measured", round(passed), round(60 * minutes))
        for row in _measured(list(islice(_missing(seed, rows), BATCH)), templates, device, rows):
            append_block(out, row)
            rows.append(row)
    return len(rows) - before


def _continued(out: Path, device: Backend) -> list[Block]:
    """The rows of a table whose last line is ended, or removed if its writing was interrupted."""
    if not out.exists():
        return []
    rows = read_blocks(out)
    for row in rows:
        if (row.device, row.backend) != (device.device, device.name):
            raise UsageError(
                f"{out} was measured on {row.device}, {row.backend}, "
                f"not on {device.device}, {device.name}"
            )
    try:
        text = out.read_text(encoding="utf-8")
        if (whole := whole_lines(text)) != text:
            with written_whole(out) as part:
                part.write_text(whole, encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot write the table {out}: {error.strerror}") from error
    return rows


def _templates(report: Report | None) -> dict[str, Template]:
    templates = {name: Template(kind) for name, kind in KINDS.items()}
    for done, template in enumerate(templates.values(), 1):
        template.at(template.sentinels)  # so that it is converted before the clock starts
        if report:
            report("kinds converted", done, len(templates))
    return templates


def _missing(seed: int, rows: list[Block]) -> Iterator[tuple[Kind, Sizes]]:
    """The configurations of a seed that are no rows yet, endlessly."""
    known = {(row.block, row.configuration) for row in rows}
    for index in count():
        kind, sizes = configuration(seed, index)
        if (found := (kind.name, sizes_to_text(sizes))) not in known:
            known.add(found)
            yield kind, sizes


def _measured(
    blocks: list[tuple[Kind, Sizes]],
    templates: dict[str, Template],
    device: Backend,
    rows: list[Block],
) -> Iterator[Block]:
    """A batch's rows, scaled to the table's reference; before the very first, the reference's."""
    models = [templates[kind.name].at(sizes) for kind, sizes in (REFERENCE, *blocks)]
    reference, *found = device.measure(models)
    first = reference_ms(rows)
    if first is None:
        first = reference.ms
        yield _row(REFERENCE_BLOCK, *REFERENCE, reference, 1.0)
    for (kind, sizes), measurement in zip(blocks, found, strict=True):
        yield _row(kind.name, kind, sizes, measurement, first / reference.ms)


def _row(name: str, kind: Kind, sizes: Sizes, measurement: Measurement, scale: float) -> Block:
    return Block(
        device=measurement.device,
        backend=measurement.backend,
        block=name,
        configuration=sizes_to_text(sizes),
        kernels=kind.kernels(sizes),
        ms=scale * measurement.ms,
        spread_ms=scale * measurement.half_width_ms,
        measured=datetime.date.today().isoformat(),
    )
