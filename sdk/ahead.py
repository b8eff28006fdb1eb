"""One stage of a pipeline: an iterator that works ahead in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Yield `items`, computed in another thread that runs at most `depth` items ahead.

    The numpy, PyAV and TFLite calls that do the work release Python's lock, so stages overlap.
    An exception in `items` is raised here. Closing this generator stops the thread, after the
    item in hand, and closes `items` if it can be closed, so nested stages stop together.
    """
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    room = Semaphore(depth)
    stop = Event()

    def work() -> None:
        source = iter(items)
        try:
            room.acquire()
            while not stop.is_set():
                done.put((next(source), None))
                room.acquire()
        except BaseException as error:  # StopIteration too: it is the ordinary end
            done.put((None, error))
        finally:
            if hasattr(source, "close"):
                source.close()

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, ending = done.get()
            if isinstance(ending, StopIteration):
                return
            if ending is not None:
                raise ending
            room.release()
            yield item
    finally:
        stop.set()
        room.release()
        thread.join()
