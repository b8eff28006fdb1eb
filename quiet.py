"""Silence for libraries that print: file descriptors, Python's streams and logging."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

TAIL_LINES = 20  # of what was silenced, kept with an exception


def open_streams() -> None:
    """Give a process the standard streams that it was started without; for a program's first line.

    A file that is opened later would get the descriptor of a closed stream, and with it what
    libraries print. Names that are no text in the terminal's encoding are printed with escapes.
    """
    for descriptor, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            mode = os.O_RDONLY if descriptor == 0 else os.O_WRONLY
            opened = os.open(os.devnull, mode)  # the lowest that is free: this one
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
        if getattr(sys, name) is None:
            kind = "r" if descriptor == 0 else "w"
            setattr(sys, name, open(descriptor, kind, closefd=False))  # noqa: SIM115
    with contextlib.suppress(AttributeError):  # where it is no ordinary stream
        sys.stdout.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep everything inside off standard output and standard error, native code included.

    The redirection holds for the whole process: other threads are silenced too. An exception
    leaves with the last lines of the silenced text as a note (shown in its traceback). Streams that
    are closed stay so.
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
    _flush(sys.stdout, sys.stderr)
    saved = {descriptor: _copy(descriptor) for descriptor in (1, 2)}
    for descriptor in saved:
        os.dup2(target, descriptor)
    out = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    err = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        _flush(out, err, sys.stdout, sys.stderr)
        for descriptor, copy in saved.items():
            if copy is None:
                os.close(descriptor)
            else:
                os.dup2(copy, descriptor)
                os.close(copy)


def _copy(descriptor: int) -> int | None:
    try:
        return os.dup(descriptor)
    except OSError:  # it is closed
        return None


def _flush(*streams: object) -> None:
    for stream in streams:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # there is none, or closed
            stream.flush()


@contextlib.contextmanager
def _logging_off() -> Iterator[None]:
    handlers, disabled = logging.root.handlers[:], logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(disabled)
        logging.root.handlers[:] = handlers  # logging.warning() adds one where there is none
