"""Signals that end a run: the step under way is finished, a checkpoint is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Attributes: asked: the number of the signal that has come, or 0."""

    asked = 0


@contextmanager
def stop_asked(run: Path) -> Iterator[Stop]:
    """Inside, a first signal is only noted; a second one raises `Interrupted` wherever it comes."""
    stop = Stop()

    def note(number: int, _: FrameType | None) -> None:
        if stop.asked:
            raise interrupted(run, number)
        stop.asked = number

    with _handled_by(note):
        yield stop


@contextmanager
def stopped_at_once(run: Path) -> Iterator[None]:
    """Inside, a signal raises `Interrupted`: for work whose every part is kept as it is done."""

    def end(number: int, _: FrameType | None) -> None:
        raise interrupted(run, number)

    with _handled_by(end):
        yield


def interrupted(run: Path, number: int, kept: str = "") -> Interrupted:
    """What to raise after a signal.

    Args:
        kept: a phrase on what was done.
    """
    name = signal.Signals(number).name
    return Interrupted(
        f"{run}: stopped by {name}{kept}; the same command with --resume goes on", number
    )


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals that are ignored (nohup) or not Python's stay so; only the main thread sets any."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOPPING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
