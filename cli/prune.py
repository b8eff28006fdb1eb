"""pocketstyle prune: channels that pictures do not need, without training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from ..errors import UsageError
from ..whole import check_free
from .networks import stored
from .options import Force, Json, emit, lines_of
from .progress import progress

NAME = "prune"
SIDE = 128  # of the pictures that are looked at


def run(
    model: Annotated[
        str, typer.Argument(help="model.safetensors of a network that takes a style.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The pruned model.safetensors.")],
    pictures: Annotated[Path, typer.Option(help="Folder of pictures like those it will see.")],
    lose_db: Annotated[
        float,
        typer.Option(
            min=0,
            help="How much of the auto-encoder's PSNR may go: near-zero channels too, the layers "
            "behind them fitted anew, as long as styles keep 35 dB; 0 removes what is zero on "
            "every picture.",
        ),
    ] = 0.0,
    count: Annotated[int, typer.Option(min=8, help="Pictures at most.")] = 112,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Remove channels that a network's pictures do not need: zero-channel pruning."""
    from ..datasets import read_folder
    from ..networks import ArtNetwork, save
    from ..search.run_lock import locked
    from ..search.zero_channel import prune

    if output.suffix != ".safetensors":
        raise UsageError(f"a model is written as .safetensors, not as {output}")
    check_free(output, force)
    network, card = stored(model)
    if not isinstance(network, ArtNetwork):
        raise UsageError(f"{model} is no ArtNet; `pocketstyle search` prunes what takes no style")
    with locked(output.with_name(f".{output.stem[:60]}.lock"), output):
        with progress() as report:
            found = read_folder(pictures, SIDE, report=lambda *done: report("pictures", *done))
            chosen = sorted(Random(0).sample(range(len(found)), min(count, len(found))))
            Random(0).shuffle(chosen)  # those that are held out must not be neighbours
            done = prune(network, found.pictures[chosen], lose_db, report)
        said = {"from": card.name, "lose_db": lose_db, "pictures": done.learned}
        save(output, done.network, replace(card, provenance=card.provenance | {"pruned": said}))
    told = {
        "model": str(output),
        "channels": done.channels,
        "zero": done.silent,
        "removed": done.gone,
        "params": done.params_before,
        "params_left": done.params_after,
        "psnr_db": round(done.psnr_before, 3),
        "psnr_db_left": round(done.psnr_after, 3),
        "styled_psnr_db": round(done.styled_psnr, 3),
        "pictures": done.learned,
        "held_out": done.held_out,
    }
    emit(told, as_json, "\n".join(lines_of(told)))
