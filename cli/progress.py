"""Progress on stderr with rate and time left; stdout stays for results."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

EVERY = 30.0  # seconds between two lines where stderr is no terminal

Report = Callable[[str, int, int | None], None]


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="dim")


@contextmanager
def progress() -> Iterator[Report]:
    """Gives `report(stage, done, total)`; every stage has a bar of its own.

    Where stderr is no terminal (a log, a pipe) a stage has a line every half minute and a last one.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("{task.description:16}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=console)
    tasks: dict[str, int] = {}

    def report(stage: str, done: int, total: int | None) -> None:
        if not tasks:  # not before: bars without a task leave an empty line behind
            bars.start()
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            with suppress(OSError):  # the terminal may be gone
                bars.stop()


def _lines(clock: Callable[[], float] = time.monotonic) -> Report:
    """A report that prints plain lines: how far a stage is, its rate and the time left."""
    began: dict[str, tuple[float, int]] = {}  # of each stage, and how much was done by then
    last = clock()

    def report(stage: str, done: int, total: int | None) -> None:
        nonlocal last
        now = clock()
        start, first = began.setdefault(stage, (now, done))
        if done != total and now - last < EVERY:
            return
        last = now
        rate = (done - first) / (now - start) if now > start else 0.0
        line = f"{stage}: {done}" + (f" of {total}" if total else "")
        if rate:
            line += f", {rate:.1f}/s"
        if rate and total and done < total:
            minutes, seconds = divmod(round((total - done) / rate), 60)
            line += f", {minutes}:{seconds:02} left"
        with suppress(OSError, AttributeError):  # nobody may be listening
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    return report
