"""Silence for libraries that print: file descriptors, Python's streams and logging."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

TAIL_LINES = 20  # of what was silenced, kept with an exception


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep everything inside off standard output and standard error, native code included.

    The redirection holds for the whole process: other threads are silenced too. An exception
    leaves with the last lines of the silenced text as a note (shown in its traceback).
    """
    with tempfile.TemporaryFile() as silenced:
        try:
            with _streams_into(silenced.fileno()), _logging_off():
                yield
        except Exception as error:
            silenced.seek(0)
            lines = silenced.read().decode(errors="replace").splitlines()
            error.add_note("\n".join(lines[-TAIL_LINES:]))
            raise


@contextlib.contextmanager
def _streams_into(target: int) -> Iterator[None]:
    # sys.stdout may be another object than descriptor 1 (a notebook), so both are redirected; the
    # objects below outlive this block unharmed if a library's log handler keeps one
    out = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    err = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    os.dup2(target, 1)
    os.dup2(target, 2)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        out.flush()
        err.flush()
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)


@contextlib.contextmanager
def _logging_off() -> Iterator[None]:
    handlers, disabled = logging.root.handlers[:], logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(disabled)
        logging.root.handlers[:] = handlers  # logging.warning() adds one where there is none
