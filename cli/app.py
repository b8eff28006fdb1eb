"""The program: its commands, and how a failure is told."""

from __future__ import annotations

import sys

import typer

from .. import __version__
from ..errors import PocketstyleError
from ..quiet import open_streams
from . import (
    android,
    bench,
    convert,
    data,
    demo,
    evaluate,
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


def _explain(error: Exception) -> tuple[str, int]:
    """What to say of a failure, and the exit status."""
    if isinstance(error, PocketstyleError):
        return str(error), error.status
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra:
            return f"this needs more packages: pip install 'pocketstyle[{extra}]'", 1
        return str(error), 1
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}", 1
