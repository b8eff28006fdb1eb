"""pocketstyle convert: from a model to a TFLite bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import Force, Json, emit
from .progress import progress

NAME = "convert"


def run(
    model: Annotated[str, typer.Argument(help="model.safetensors, or a shipped teacher's name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle, OUT.tflite.")],
    precision: Annotated[str, typer.Option(help="fp32 or fp16 (weights).")] = "fp16",
    route: Annotated[str, typer.Option(help="litert.")] = "litert",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Convert a model to one self-describing .tflite."""
    from ..converters import convert
    from ..latency_model import predict_all
    from ..networks import load
    from ..search import resolve_model

    if route != "litert":
        raise UsageError(f"unknown route {route!r}; known: litert")
    network, card = load(resolve_model(model))
    with progress() as report:
        convert(
            network,
            card,
            {precision: output},
            predicted_ms=predict_all(network.kernels()),
            force=force,
            report=report,
        )
    size = output.stat().st_size
    emit({"bundle": str(output), "bytes": size}, as_json, f"bundle: {output} ({size} bytes)")
