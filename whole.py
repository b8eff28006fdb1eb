"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DataError, UsageError


def check_free(target: Path, force: bool) -> None:
    """Raises: UsageError: something is there, and it was not said that it may be replaced."""
    if target.exists() and not force:
        raise UsageError(f"{target} exists; pass --force to replace it")


@contextmanager
def written_whole(target: str | Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; rename it to `target` at the end.

    A missing folder is made.

    After an exception the target is as it was and the temporary file is gone; after a kill the
    target is as it was and `.NAME.part` may stay behind.

    Raises:
        DataError: the folder of `target` cannot be made or written to, or the disk is full.
    """
    target = Path(target)
    if target.is_dir():
        raise DataError(f"cannot write {target}: it is a folder")
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        mode = part.stat().st_mode
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}") from error
    try:
        yield part
        with part.open("rb+") as file:  # a rename may reach the disk before the data
            os.fsync(file.fileno())
        part.chmod(mode)  # safetensors writes for the owner alone
        os.replace(part, target)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
