"""Hostile bundles: is every one refused with a line, or played, and nothing else touched?

    python benchmarks/hostile.py --count 259

Each is loaded and played in a process of its own, whose death is seen. A result or one of our
errors is well; any other exception, a crash, a hang, more memory than `MEMORY_LIMIT` or a file
opened that is not the bundle's is not.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from statistics import median

import ai_edge_litert.interpreter  # noqa: F401  imported once, before the processes part
import numpy as np
from hardware import hardware
from harmed_bundles import SEEDS, constructed, harmed
from pocketstyle.converters import read_metadata
from pocketstyle.converters.delegate_rules import refusals
from pocketstyle.converters.flatbuffer import macs, operators, read_model, weight_types
from pocketstyle.errors import PocketstyleError
from pocketstyle.quiet import quiet
from pocketstyle.sdk import Stylizer, read_info, shipped
from pocketstyle.sdk.graph_check import check_network

TIME_LIMIT = 60.0  # seconds for one of them
MEMORY_LIMIT = 8 * 2**30  # bytes of address space for one of them; torch alone maps 3 * 2**30
LOADS = 5
ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/hostile.json"


def play(path: Path) -> None:
    """What an app does with a bundle."""
    with Stylizer.load(path, threads=1, accelerator="cpu") as stylizer:
        picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
        if stylizer.takes_style:
            stylizer.set_style(picture)
        stylizer.stylize(picture)


def read(path: Path) -> None:
    """What `pocketstyle info` and `verify` read without playing it."""
    info = read_info(path)
    data = path.read_bytes()
    check_network(path)
    read_metadata(data)
    model = read_model(data)
    weight_types(model)
    for signature in info.signatures:
        operators(model, signature.name)
        macs(model, signature.name)
        refusals(model, signature.name)


def outcome_of(work: Callable[[Path], None], path: Path) -> str:
    try:
        with quiet():  # the runtime announces its kernels
            work(path)
    except PocketstyleError as error:
        line = str(error).replace(str(path), "BUNDLE")
        return f"refused: {line}" if line.isprintable() else f"wrong line: {line!r}"
    except Exception as error:
        return f"exception: {type(error).__name__}: {error}"
    return "done"


def in_a_child(work: Callable[[Path], None], path: Path) -> tuple[str, float]:
    """Its outcome, or how its process ended, and the MB that it had at most."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.write(told, outcome_of(work, path).encode(errors="replace")[:4000])
        os._exit(0)
    os.close(told)
    end = time.monotonic() + TIME_LIMIT
    while (ended := os.wait4(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(answer)
            return "hang", 0.0
        time.sleep(0.002)
    with os.fdopen(answer) as stream:
        said = stream.read()
    status = os.waitstatus_to_exitcode(ended[1])
    if status < 0:
        said = f"crash: {signal.Signals(-status).name}"
    return said, ended[2].ru_maxrss / 1024


class Watch:
    """A folder in which whatever opens a file is seen (inotify)."""

    OPEN, MODIFY, CREATE, DELETE = 0x20, 0x2, 0x100, 0x200

    def __init__(self, folder: Path):
        self._libc = ctypes.CDLL(None)
        self._queue = self._libc.inotify_init1(os.O_NONBLOCK)
        wanted = self.OPEN | self.MODIFY | self.CREATE | self.DELETE
        self._libc.inotify_add_watch(self._queue, os.fsencode(folder), wanted)

    def seen(self) -> bool:
        try:
            return bool(os.read(self._queue, 65536))
        except BlockingIOError:
            return False


def run(bundles: Iterable[tuple[str, str, bytes]], keep: Path | None = None) -> dict:
    """Outcomes by kind of harm, and everything that went wrong."""
    outcomes, totals, wrong, most_mb = Counter(), Counter(), [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        given, elsewhere = Path(folder) / "given", Path(folder) / "elsewhere"
        given.mkdir()
        elsewhere.mkdir()
        (elsewhere / "canary").write_bytes(bytes(4096))
        watch = Watch(elsewhere)
        for i, (harm, seed, content) in enumerate(bundles):
            path = given / "bundle.tflite"
            path.write_bytes(content)
            for work in (play, read):
                outcome, mb = in_a_child(work, path)
                kind, most_mb = outcome.partition(": ")[0], max(most_mb, mb)
                touched = watch.seen() or [one.name for one in given.iterdir()] != [path.name]
                if kind not in ("done", "refused") or touched:
                    wrong.append(
                        {"number": i, "harm": harm, "seed": seed, "work": work.__name__}
                        | {"outcome": outcome[:300], "touched": touched}
                    )
                    if keep:
                        (keep / f"{i}.tflite").write_bytes(content)
                outcomes[f"{harm}, {work.__name__}: {kind}"] += 1
                totals[f"{work.__name__}: {kind}"] += 1
    return {
        "files": sum(totals.values()) // 2,
        "totals": dict(totals),
        "touched": sum(one["touched"] for one in wrong),
        "most_mb": most_mb,
        "wrong": wrong,
        "outcomes": dict(outcomes),
    }


def load_ms() -> dict[str, dict[str, float]]:
    """Of shipped bundles: trusted, checked as a copy, and checked by a trial in a process.

    Medians of `LOADS`, in turn; the process alone, to which the load itself would be added.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in shipped().items():
            other = Path(shutil.copy(path, folder))
            trial = f"from pocketstyle.sdk import Stylizer; Stylizer({str(other)!r}, 1).close()"
            ways: dict[str, Callable[[], object]] = {
                "trusted": lambda path=path: Stylizer(path, 1, accelerator="cpu").close(),
                "checked": lambda path=other: Stylizer(path, 1, accelerator="cpu").close(),
                "trial": lambda code=trial: subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, check=True
                ),
            }
            spent: dict[str, list[float]] = {way: [] for way in ways}
            with quiet():
                for _ in range(LOADS):
                    for way, load in ways.items():
                        began = time.perf_counter()
                        load()
                        spent[way].append(1000 * (time.perf_counter() - began))
            found[name] = {way: round(median(times), 1) for way, times in spent.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=259)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="Folder for those that went wrong.")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    bundles = chain(constructed(), harmed(arguments.count, random.Random(arguments.seed)))
    result = {"seed": arguments.seed, "from": SEEDS} | run(bundles, arguments.keep)
    result["load_ms"] = load_ms()
    arguments.out.write_text(json.dumps(result | {"hardware": hardware()}, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    sys.exit(bool(result["wrong"]))


if __name__ == "__main__":
    main()
