"""A Ray cluster for the time of a search: one that runs, or one of this machine."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType

from ..errors import PocketstyleError, UsageError

CONNECT, ANSWER = 10.0, 40.0  # seconds to wait for a machine, and for its cluster, to answer


@contextmanager
def cluster(address: str) -> Iterator[ModuleType]:
    """Gives `ray`, connected.

    Args:
        address: HOST:PORT; "auto": a cluster that runs here, or else one that is started for this.

    Raises:
        UsageError: Ray is not installed.
        PocketstyleError: the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError("this search needs Ray: pip install 'pocketstyle[cluster]'") from error
    _check(address)
    with redirect_stdout(sys.stderr):  # Ray tells of lost workers on stdout, where results go
        ray.init(
            None if address == "auto" else address,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
        try:
            yield ray
        finally:
            ray.shutdown()


def _check(address: str) -> None:
    """Ray itself waits for minutes for a cluster that is not there."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        raise UsageError(f"{address!r} is no Ray cluster's HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT).close()
    except OSError as error:
        raise PocketstyleError(f"cannot reach the Ray cluster {address!r}: {error}") from error
    if address.startswith("ray://"):
        return  # Ray's client gives up by itself
    command = [sys.executable, "-m", "ray.scripts.scripts", "status", "--address", address]
    try:
        subprocess.run(command, capture_output=True, timeout=ANSWER, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PocketstyleError(f"what answers at {address!r} is no Ray cluster") from error
