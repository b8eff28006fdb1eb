"""Ctrl-C and SIGTERM in work that libraries do, some of which swallow what a signal raises."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 2.0  # seconds until a signal that was swallowed is raised once more


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], None]]:
    """End the work inside at Ctrl-C or SIGTERM; what it began to write is cleared on the way out.

    Gives a function to call between steps: it raises once more what was swallowed.

    Raises:
        SystemExit: 130 after Ctrl-C, 143 after SIGTERM, also where the work went on to its end.
    """
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGALRM:
            received.append(number)
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
        raise KeyboardInterrupt

    def check() -> None:
        if received:
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield check
    except BaseException:  # whatever a library makes of it
        if not received:
            raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        print("pocketstyle: interrupted", file=sys.stderr)
        raise SystemExit(128 + received[0])
