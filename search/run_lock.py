"""One writer at a time: a lock that names its owner and ends with it, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ..errors import UsageError


@contextmanager
def locked(lock: Path, what: str | Path) -> Iterator[None]:
    """Hold a lock file, which is gone afterwards.

    The lock is the system's (flock): it ends with the process that holds it, so that a file which
    a killed process has left behind is taken over. On a shared disk it holds between machines as
    far as the disk's file system passes such locks on; where it has none, a line says so.

    Args:
        lock: the file; its folder is made if it is missing.
        what: is locked, for messages.

    Raises:
        UsageError: another process holds it, or the file cannot be written.
    """
    is_new = not lock.parent.exists()
    file = _opened(lock, what)
    _held.add(file)
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}",
    }
    try:
        os.truncate(file, 0)
        os.write(file, json.dumps(owner).encode())
        yield
    finally:
        lock.unlink(missing_ok=True)  # while it is held: nobody else's is removed
        _held.discard(file)
        if is_new:
            with suppress(OSError):  # something was written there
                lock.parent.rmdir()
        os.close(file)


_held: set[int] = set()


def _let_go_in_child() -> None:
    """A process that this one has forked must not hold what outlives its parent."""
    for file in _held:
        os.close(file)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


def _opened(lock: Path, what: str | Path) -> int:
    """The descriptor of the file that is at this path and locked."""
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise UsageError(f"cannot write {what}: {lock.parent} is no folder") from error
        except OSError as error:
            raise UsageError(f"cannot write {what}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with os.fdopen(file) as stream:
                owner = _owner(stream.read())
            raise UsageError(
                f"{what} is in use by {owner}; wait until that has ended, or choose another place"
            ) from error
        except OSError as error:
            print(f"{what} is not locked: {error.strerror}", file=sys.stderr)
        if _is_at(file, lock):
            return file
        os.close(file)  # its owner has removed it since it was opened


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _owner(text: str) -> str:
    """The owner as a lock file names it."""
    try:
        owner = json.loads(text)
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (ValueError, LookupError, TypeError):
        return "another process"  # which has just begun
