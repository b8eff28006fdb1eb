"""pocketstyle import: published weights of a fast style network as a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Force, Json, emit

NAME = "import"


def run(
    weights: Annotated[
        Path, typer.Argument(help="A .npz or .pth in the layout of PyTorch's example.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The model file [NAME.safetensors].")
    ] = None,
    licence: Annotated[str, typer.Option(help="SPDX licence of the weights.")] = "NOASSERTION",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Import a published fast style network (Johnson et al. 2016), a teacher for `search style`."""
    from ..errors import UsageError
    from ..latency_model import total_macs
    from ..networks import ModelCard, read_published, save

    out = out or Path(f"{weights.stem}.safetensors")
    if out.exists() and not force:
        raise UsageError(f"{out} exists; --force replaces it")
    network = read_published(weights)
    card = ModelCard(weights.stem, provenance={"imported_from": weights.name}, licence=licence)
    save(out, network, card)
    macs = total_macs(network.kernels())
    emit(
        {"model": str(out), "macs": macs},
        as_json,
        f"model: {out}  ({macs / 1e9:.2f} G multiply-accumulates at 256x256)",
    )
