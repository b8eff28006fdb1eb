"""pocketstyle draw: one picture by a slow program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..whole import check_free
from .options import Force

NAME = "draw"


def run(
    program: Annotated[str, typer.Argument(help="comic, or ink.")],
    picture: Annotated[Path, typer.Argument(help="A picture.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="A picture to write.")],
    size: Annotated[int, typer.Option(min=128, max=2048, help="Pixels of the longer side.")] = 768,
    force: Force = False,
) -> None:
    """Draw a picture by the slow program that a style's network learns from."""
    check_free(output, force)
    from ..teachers import draw_file

    draw_file(program, picture, output, size)
