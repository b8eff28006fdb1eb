"""The program: its commands, and how a failure is told."""

from __future__ import annotations

import os
import sys

import typer

from .. import __version__
from ..errors import PocketstyleError
from ..quiet import open_streams
from . import (
    android,
    bench,
    card,
    convert,
    data,
    demo,
    draw,
    evaluate,
    import_weights,
    info,
    latency,
    models,
    prune,
    search,
    stylize,
    train,
    verify,
)

EXTRAS = {
    "torchmetrics": "fid",
    "torch_fidelity": "fid",
    "torch": "search",
    "safetensors": "search",
    "tensorboard": "search",
    "matplotlib": "search",
    "litert_torch": "convert",
    "onnx": "convert",
    "onnxruntime": "convert",
    "onnxscript": "convert",
}

# what tells an OpenMP runtime how its threads wait for one another
WAIT_SETTINGS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")

app = typer.Typer(
    name="pocketstyle",
    help="Search, convert and play style networks that run in real time on a phone. "
    "--debug anywhere shows the traceback of a failure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    demo,
    data,
    import_weights,
    draw,
    train,
    search,
    prune,
    convert,
    verify,
    stylize,
    bench,
    evaluate,
    info,
    models,
    card,
)
for module in COMMANDS:
    app.command(module.NAME)(module.run)
app.add_typer(latency.app, name="latency")
app.add_typer(android.app, name="android")


@app.command("version")
def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run a command. Exit status: 0 done, 1 the work failed, 2 wrong usage."""
    _share_the_processor()
    open_streams()
    debug = "--debug" in sys.argv  # allowed anywhere
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except (PocketstyleError, OSError, ModuleNotFoundError) as error:
        if debug:
            raise
        message, status = _explain(error)
        # one line, as it is: no wrapping, no markup
        print(f"pocketstyle: {' '.join(message.split())}", file=sys.stderr)
        sys.exit(status)


def _share_the_processor() -> None:
    """Let torch's threads sleep while they wait, unless the user has said how they wait.

    OpenMP reads this when torch is loaded. Threads that spin instead make a training several times
    slower as soon as another process wants a core (benchmarks/wait_policy.py).
    """
    if not any(name in os.environ for name in WAIT_SETTINGS):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def _explain(error: Exception) -> tuple[str, int]:
    """What to say of a failure, and the exit status."""
    if isinstance(error, PocketstyleError):
        return str(error), error.status
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra == "search" and "convert" in sys.argv[1:2]:
            extra = "convert"  # which has torch, too
        if extra:
            return f"this needs more packages: pip install 'pocketstyle[{extra}]'", 1
        return str(error), 1
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}", 1
