"""pocketstyle verify: parity, operators, GPU residency and metadata of a bundle."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ..errors import PocketstyleError, UsageError
from ..frames import parse_frame
from ..whole import check_free
from .networks import is_foreign, stored
from .options import Force, Json, emit, lines_of

NAME = "verify"


def run(
    bundle: Annotated[str, typer.Argument(help="A bundle, or the name of a shipped one.")],
    against: Annotated[
        str | None, typer.Option(help="The model it was made from, for parity.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of pictures for parity [noise].")
    ] = None,
    frame: Annotated[
        str | None,
        typer.Option(
            "--frame", "--size", help="Only this frame, HEIGHTxWIDTH or a square's side [all]."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page that shows it all, too.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Verify a bundle: PASS, or FAIL and exit status 1."""
    from ..converters import verify
    from ..datasets import read_folder
    from ..sdk import read_info, resolve

    if report is not None:
        check_free(report, force)
    path, size = resolve(bundle), None if frame is None else parse_frame(frame)
    info = read_info(path)
    network = None
    if against is not None and is_foreign(against):
        mean, std = (info.provenance.get(name) for name in ("mean", "std"))
        if mean is None or std is None:
            raise UsageError(f"{path} was not converted from a network of others")
        from ..converters import OnnxReference, foreign_card

        reference = OnnxReference(against, info.signature().frame)
        network = reference, foreign_card(Path(against), mean, std)
    elif against is not None:
        network = stored(against)
    shown: np.ndarray | None = None
    if pictures is not None:
        shown = read_folder(pictures, info.signature(size).frame, at_least=1).pictures[:16]
    elif network is not None and not is_foreign(against):
        print("compared on noise; --pictures FOLDER compares on pictures", file=sys.stderr)
    result = verify(path, network, shown, size)
    found = json.loads(result.to_json())
    emit(found, as_json, "\n".join((*_lines(found), result.verdict)))
    if report is not None:
        from ..search.report import write_verification_report

        write_verification_report(report, path.name, found)
    if result.problems:
        raise PocketstyleError(f"{path} fails: {'; '.join(result.problems)}")


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """Of the first frame, then of the others, each behind an empty line."""
    yield from lines_of({name: value for name, value in found.items() if name != "others"})
    for other in found["others"]:
        yield ""
        yield from _lines(other)
