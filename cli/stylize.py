"""pocketstyle stylize: play a bundle on pictures and video."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..quiet import quiet
from .options import Force, Json, emit
from .progress import progress

NAME = "stylize"


def run(
    source: Annotated[Path, typer.Argument(help="A picture, a folder of pictures, or a video.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="A bundle, or the name of a shipped one.")
    ] = "heads",
    fit: Annotated[
        str, typer.Option(help="crop: the centred square; stretch: the whole picture.")
    ] = "crop",
    compare: Annotated[bool, typer.Option(help="Show the input beside the result.")] = False,
    size: Annotated[
        int | None, typer.Option(help="Of a bundle of several sizes: the side [its first].")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Stylize a picture, a folder of pictures or a video."""
    from ..sdk import Stylizer, stylize_file

    with quiet():  # the runtime announces its kernels
        stylizer = Stylizer.load(model, threads, size)
    with stylizer, progress() as report:
        result = stylize_file(
            stylizer,
            source,
            output,
            force=force,
            fit=fit,
            compare=compare,
            report=lambda done, total: report("stylize", done, total),
        )
    fields = {key: str(v) if isinstance(v, Path) else v for key, v in asdict(result).items()}
    told = {key: ", ".join(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    emit(fields, as_json, "  ".join(f"{key}: {value}" for key, value in told.items() if value))
