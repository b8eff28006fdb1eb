"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from zlib import crc32

from .errors import DataError, UsageError

# Of this computer, in the names of temporary files: process ids mean nothing on another one.
_HOST = f"{crc32(socket.gethostname().encode()):08x}"
_PART = re.compile(rf"\.pocketstyle-{_HOST}-(\d+)-[0-9a-f]+\.part")


def check_free(target: Path, force: bool) -> None:
    """Raises: UsageError: something is there, and it was not said that it may be replaced."""
    if target.exists() and not force:
        raise UsageError(f"{target} exists; pass --force to replace it")


@contextmanager
def written_whole(target: str | Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; rename it to `target` at the end.

    A missing folder is made; of a link, what it leads to is replaced. The path is absolute, short,
    and no other writer's, so that of several writers of one target each writes a whole file.

    After an exception the target is as it was and the temporary file is gone; after a kill the
    target is as it was, and a later writer to the folder clears the temporary file.

    Raises:
        DataError: the folder of `target` cannot be made or written to, or the disk is full.
    """
    real = Path(os.path.realpath(target))
    if os.path.isdir(real):  # which is no error where the name is too long
        raise DataError(f"cannot write {target}: it is a folder")
    part = real.with_name(f".pocketstyle-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        _clear_what_dead_writers_left(real.parent)
        part.touch()
        mode = part.stat().st_mode
    except FileExistsError as error:
        raise DataError(f"cannot write {target}: {real.parent} is no folder") from error
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}") from error
    try:
        yield part
        with part.open("rb+") as file:  # a rename may reach the disk before the data
            os.fsync(file.fileno())
        part.chmod(mode)  # safetensors writes for the owner alone
        os.replace(part, real)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


@cache  # a folder of many pictures is looked through once
def _clear_what_dead_writers_left(folder: Path) -> None:
    for name in os.listdir(folder):
        found = _PART.fullmatch(name)
        if found and not _runs(int(found[1])):
            with suppress(OSError):
                (folder / name).unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
