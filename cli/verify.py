"""pocketstyle verify: parity, operators, GPU residency and metadata of a bundle."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..errors import PocketstyleError
from .options import Json

NAME = "verify"


def run(
    bundle: Annotated[str, typer.Argument(help="A bundle, or the name of a shipped one.")],
    against: Annotated[
        str | None, typer.Option(help="The model it was made from, for parity.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of pictures for parity [noise].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a bundle; exit status 1 when it fails."""
    from ..converters import verify
    from ..datasets import read_folder
    from ..networks import load
    from ..sdk import read_info, resolve
    from ..search import resolve_model

    path = resolve(bundle)
    info = read_info(path)
    network = None if against is None else load(resolve_model(against))
    shown: np.ndarray | None = None
    if pictures is not None:
        size = info.signatures[0].inputs[0].shape[1]
        shown = read_folder(pictures, size, at_least=1).pictures[:16]
    elif network is not None:
        print("compared on noise; --pictures FOLDER compares on pictures", file=sys.stderr)
    result = verify(path, network, shown)
    if as_json:
        print(result.to_json())
    else:
        for name, value in json.loads(result.to_json()).items():
            if isinstance(value, dict):
                value = ", ".join(f"{key} {one}" for key, one in value.items()) or "nothing"
            print(f"{name:16} {'not compared' if value is None else value}")
    if result.problems:
        raise PocketstyleError(f"{path} fails: {'; '.join(result.problems)}")
