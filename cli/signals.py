"""Signals that ask a program to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = ("SIGTERM", "SIGHUP")  # a scheduler's or a shell's, and a terminal's that is closed


@contextmanager
def ending_as_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt on them, so that what is done is kept; those ignored stay so."""
    before = {}
    for name in ENDING:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
