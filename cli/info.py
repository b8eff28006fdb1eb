"""pocketstyle info: what a model or a bundle is and what it costs."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import UsageError
from .options import Json

NAME = "info"


def run(
    path: Annotated[Path, typer.Argument(help="model.safetensors or a bundle.")],
    as_json: Json = False,
) -> None:
    """Show widths, MACs, parameters and latency by block."""
    from ..networks import Spec, build, load
    from ..sdk import read_info

    if not path.exists():
        raise UsageError(f"no such file: {path}")
    if path.suffix == ".tflite":
        info = read_info(path)
        card = info.model_dump(mode="json", exclude={"spec", "signatures"})
        network = build(Spec.from_json(json.dumps(info.spec)))
    else:
        network, model_card = load(path)
        card = {"name": model_card.name, "licence": model_card.licence}
        card |= {"metrics": model_card.metrics, "provenance": model_card.provenance}
    result = describe(network) | {"card": card}
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)


def describe(network: Any) -> dict[str, Any]:
    """Costs of a network: in all, by device, and by width group."""
    from ..latency_model import SpeedModel, device_names, total_macs

    kernels = list(network.kernels())
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
        "predicted_ms": {name: SpeedModel.load(name).latency(kernels) for name in device_names()},
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
        ("predicted milliseconds (phone GPU, fp16)", result["predicted_ms"], "{:.2f}"),
    ):
        table = Table(title=title, title_justify="left")
        for name in rows:
            table.add_column(name, justify="right")
        table.add_row(*(unit.format(value) for value in rows.values()))
        console.print(table)
