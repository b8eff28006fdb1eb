"""pocketstyle info: what a model or a bundle is and what it costs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import FormatError
from ..frames import frame_text
from ..quiet import quiet
from .networks import bundle_card, bundle_path, network_and_card
from .options import Json

if TYPE_CHECKING:
    from pathlib import Path

    from ..latency_model import Kernel
    from ..sdk import BundleInfo

NAME = "info"


def run(
    model: Annotated[
        str, typer.Argument(help="model.safetensors, a bundle, or the name of a shipped one.")
    ],
    as_json: Json = False,
) -> None:
    """Show widths, MACs, parameters and latency by block; of a bundle its metadata, too."""
    from ..converters import read_metadata
    from ..sdk import read_info
    from ..sdk.graph_check import check_network

    bundle, result = bundle_path(model), {}
    if bundle is not None:
        info = read_info(bundle)
        with quiet():  # the runtime announces its kernels
            check_network(bundle)
        result = {"card": bundle_card(info), "metadata": read_metadata(bundle.read_bytes())}
        result |= describe_bundle(bundle, info)
        result["frames"] = {
            frame_text(one.frame): info.predicted_ms if i == 0 else one.predicted_ms
            for i, one in enumerate(info.stylizers)
            if one.inputs[0].is_picture
        }
    else:
        network, card = network_and_card(model)
        result = describe(network) | {"card": card}
    if as_json:
        print(json.dumps(result))
        return
    console = Console(markup=False)  # a bundle's texts are nobody's markup
    _print_costs(console, result)
    if bundle is not None:
        _print_bundle(console, result)


def describe(network: Any) -> dict[str, Any]:
    """Costs of a network: in all, by device, by part and by operator."""
    spec = network.spec
    return {
        "family": spec.family,
        "height": spec.height,
        "width": spec.width,
        "widths": spec.widths,
        "blocks": list(spec.blocks),
        "params": sum(parameter.numel() for parameter in network.parameters()),
    } | _costs({name: list(kernels) for name, kernels in network.parts()})


def describe_bundle(bundle: Path, info: BundleInfo) -> dict[str, Any]:
    """The same of a bundle, from its file: parts are the modules that its operators come from.

    Raises:
        FormatError: the file is damaged, or its spec is none.
    """
    from ..converters import kernels_of_file, stored_values

    signature, spec = info.signatures[0], info.spec
    try:
        widths = {str(name): int(count) for name, count in spec.get("widths", {}).items()}
        blocks = [str(block) for block in spec.get("blocks", ())]
    except (AttributeError, TypeError, ValueError) as error:
        raise FormatError(f"{bundle} describes no network: {error}") from error
    return {
        "family": str(spec.get("family")),
        "height": signature.frame[0],
        "width": signature.frame[1],
        "widths": widths,
        "blocks": blocks,
        "params": stored_values(bundle),
    } | _costs(kernels_of_file(bundle, signature.name))


def _costs(parts: Mapping[str, Sequence[Kernel]]) -> dict[str, Any]:
    from ..latency_model import SpeedModel, device_names, total_macs

    kernels = [kernel for part in parts.values() for kernel in part]
    models = {name: SpeedModel.load(name) for name in device_names()}
    by_part = {name: model.predict_parts(parts.items()) for name, model in models.items()}
    by_operator: dict[str, dict[str, float]] = defaultdict(lambda: {"count": 0, "macs": 0})
    for kernel in kernels:
        by_operator[kernel.op]["count"] += 1
        by_operator[kernel.op]["macs"] += kernel.macs
    return {
        "macs": total_macs(kernels),
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


def _print_costs(console: Console, result: dict[str, Any]) -> None:
    console.print(
        f"{result['card']['name']}: {result['family']} at {result['height']}x{result['width']} px, "
        f"{result['macs'] / 1e6:.1f} MMACs, {result['params'] / 1e3:.1f} k parameters",
        highlight=False,
    )
    if result["widths"]:  # a network of others has none that are known
        kept = ", ".join(f"{name} {channels}" for name, channels in result["widths"].items())
        console.print(f"channels kept: {kept}", highlight=False)
    table = Table(title="predicted milliseconds", title_justify="left")
    for name in result["predicted_ms"]:
        table.add_column(name, justify="right")
    table.add_row(*(f"{ms:.2f}" for ms in result["predicted_ms"].values()))
    console.print(table)
    table = Table(title="milliseconds by part", title_justify="left")
    table.add_column("part", no_wrap=True)
    for name in ("MMACs", *result["predicted_ms"]):
        table.add_column(name, justify="right")
    for part, costs in result["parts"].items():
        numbers = [f"{ms:.2f}" for ms in costs["predicted_ms"].values()]
        table.add_row(part, f"{costs['macs'] / 1e6:.1f}", *numbers)
    console.print(table)


def _print_bundle(console: Console, result: dict[str, Any]) -> None:
    """The bundle's own JSON, then TFLite's standard metadata."""
    card, metadata = result["card"], result["metadata"]
    table = Table(title="what the bundle says of itself", title_justify="left", show_header=False)
    for name in ("name", "title", "description", "precision", "licence", "attribution"):
        said = card[name]
        table.add_row(name, "\n".join(said) if isinstance(said, list) else said)
    for name, value in card["metrics"].items():
        table.add_row(name, f"{value:g}")
    console.print(table)
    if len(result["frames"]) > 1:
        _print_frames(console, result["frames"])
    if metadata is None:
        console.print("no TFLite metadata")
        return
    table = Table(title="its TFLite metadata", title_justify="left", show_header=False)
    for name in ("name", "version", "author", "licence", "files"):
        said = metadata[name]
        table.add_row(name, ", ".join(said) if isinstance(said, list) else said)
    for graph in metadata["graphs"]:
        for tensor in (*graph["inputs"], *graph["outputs"]):
            table.add_row(f"{graph['name']}: {tensor['name']}", _tensor(tensor))
    console.print(table)


def _print_frames(console: Console, frames: dict[str, dict[str, float] | None]) -> None:
    """What the bundle says is predicted of each."""
    devices = dict.fromkeys(name for said in frames.values() for name in said or ())
    table = Table(title="milliseconds by frame, height x width", title_justify="left")
    table.add_column("frame")
    for name in devices:
        table.add_column(name, justify="right")
    for frame, said in frames.items():
        told = {name: f"{ms:.2f}" for name, ms in (said or {}).items()}
        table.add_row(frame, *(told.get(name, "") for name in devices))
    console.print(table)


def _tensor(tensor: dict[str, Any]) -> str:
    said = [tensor["description"]]
    if "image" in tensor:
        said.append("{width}x{height}".format(**tensor["image"]))
    if "normalisation" in tensor:
        mean, std = (tensor["normalisation"][name][0] for name in ("mean", "std"))
        shifted = f"(x {'+' if mean < 0 else '-'} {abs(mean):g})"
        said.append(f"{shifted} / {std:g}" if std >= 1 else f"{shifted} * {1 / std:g}")
    return ", ".join(said)
