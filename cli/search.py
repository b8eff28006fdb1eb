"""pocketstyle search: prune a network until it meets a latency target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Config, Json, Out, Overrides, Resume, emit
from .progress import progress

NAME = "search"


def run(
    config: Config,
    out: Out = None,
    overrides: Overrides = None,
    resume: Resume = False,
    target_ms: Annotated[
        float | None, typer.Option(help="Short for --set search.target_ms=…")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Short for --set search.device=…")] = None,
    as_json: Json = False,
) -> None:
    """Search a network under a latency target on a named phone, compact it and fine-tune it."""
    from ..search import load_config, search

    changes = list(overrides or ())
    if target_ms is not None:
        changes.append(f"search.target_ms={target_ms}")
    if device is not None:
        changes.append(f'search.device="{device}"')
    settings = load_config(config, changes)
    out = out or Path("runs") / f"{Path(config).stem}-search"
    with progress() as report:
        model = search(settings, out, resume=resume, report=report)
    emit({"model": str(model), "report": str(out / "report.html")}, as_json, f"model: {model}")
