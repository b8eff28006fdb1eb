"""pocketstyle info: what a model or a bundle is and what it costs."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .networks import network_and_card
from .options import Json

NAME = "info"


def run(
    model: Annotated[
        str, typer.Argument(help="model.safetensors, a bundle, or the name of a shipped one.")
    ],
    as_json: Json = False,
) -> None:
    """Show widths, MACs, parameters and latency by block."""
    network, card = network_and_card(model)
    result = describe(network) | {"card": card}
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)


def describe(network: Any) -> dict[str, Any]:
    """Costs of a network: in all, by device, by part and by operator."""
    from ..latency_model import SpeedModel, device_names, total_macs

    parts = {name: list(kernels) for name, kernels in network.parts()}
    kernels = [kernel for part in parts.values() for kernel in part]
    models = {name: SpeedModel.load(name) for name in device_names()}
    by_part = {name: model.predict_parts(parts.items()) for name, model in models.items()}
    by_operator: dict[str, dict[str, float]] = defaultdict(lambda: {"count": 0, "macs": 0})
    for kernel in kernels:
        by_operator[kernel.op]["count"] += 1
        by_operator[kernel.op]["macs"] += kernel.macs
    return {
        "family": network.spec.family,
        "size": network.spec.size,
        "widths": network.spec.widths,
        "blocks": list(network.spec.blocks),
        "macs": total_macs(kernels),
        "params": sum(parameter.numel() for parameter in network.parameters()),
        "predicted_ms": {name: model.latency(kernels) for name, model in models.items()},
        "parts": {
            part: {
                "macs": total_macs(parts[part]),
                "predicted_ms": {name: by_part[name][part].ms for name in models},
            }
            for part in parts
        },
        "operators": by_operator,
    }


def _print(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{result['card']['name']}: {result['family']} at {result['size']} px, "
        f"{result['macs'] / 1e6:.1f} MMACs, {result['params'] / 1e3:.1f} k parameters",
        highlight=False,
    )
    for title, rows, unit in (
        ("channels kept", result["widths"], "{}"),
        ("predicted milliseconds", result["predicted_ms"], "{:.2f}"),
    ):
        table = Table(title=title, title_justify="left")
        for name in rows:
            table.add_column(name, justify="right")
        table.add_row(*(unit.format(value) for value in rows.values()))
        console.print(table)
    table = Table(title="milliseconds by part", title_justify="left")
    table.add_column("part")
    for name in ("MMACs", *result["predicted_ms"]):
        table.add_column(name, justify="right")
    for part, costs in result["parts"].items():
        numbers = [f"{ms:.2f}" for ms in costs["predicted_ms"].values()]
        table.add_row(part, f"{costs['macs'] / 1e6:.1f}", *numbers)
    console.print(table)
