"""Options that several commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Change a setting: section.key=value.")
]
Device = Annotated[str, typer.Option("--device", help="A phone of `pocketstyle latency devices`.")]
Config = Annotated[str, typer.Argument(help="A TOML file, or the name of a built-in one.")]
Frame = Annotated[
    str | None,
    typer.Option(
        "--frame",
        "--size",
        help="Of a bundle of several frames the one to play: HEIGHTxWIDTH, or a square's side.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="The run's directory [runs/NAME].")]


def emit(result: dict[str, Any], as_json: bool, text: str) -> None:
    """Print a result: as JSON, or as text for people; to nobody where the reader has gone."""
    try:
        print(json.dumps(result) if as_json else text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - or its flush at the end would fail


def lines_of(result: dict[str, Any]) -> Iterator[str]:
    """A result as lines for people, `name: value`."""
    for name, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {one}" for key, one in value.items()) or "nothing"
        yield f"{name + ':':18} {'not compared' if value is None else value}"
