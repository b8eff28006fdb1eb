"""pocketstyle card: a bundle as a folder that a model hub takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Force, Json, emit

NAME = "card"


def run(
    bundle: Annotated[str, typer.Argument(help="A bundle, or the name of a shipped one.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    sheet: Annotated[
        Path | None, typer.Option(help="A picture that shows what the bundle does.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a Hugging Face model card, with the bundle and code samples, ready to upload."""
    from ..errors import DataError
    from ..sdk.hub_card import write_hub_folder

    if sheet is not None and not sheet.is_file():
        raise DataError(f"no such file: {sheet}")
    readme = write_hub_folder(bundle, out, sheet=sheet, force=force)
    emit({"card": str(readme)}, as_json, f"card: {readme}")
