"""pocketstyle latency: the speed model's devices, predictions and fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .networks import network_and_card
from .options import Device, Force, Json, emit

app = typer.Typer(help="The speed model: devices, predictions, fits.", no_args_is_help=True)


@app.command("devices")
def devices(as_json: Json = False) -> None:
    """List the phones that latency can be predicted for."""
    from ..latency_model import SpeedModel, device_names

    cards = {name: SpeedModel.load(name).card for name in device_names()}
    lines = [
        f"{name:10} {card['chip']}, {card['precision']}; off by "
        f"{card['errors']['held_out']['network']:g} % on networks held out of the fit"
        for name, card in cards.items()
    ]
    emit(cards, as_json, "\n".join(lines))


@app.command("predict")
def predict(
    model: Annotated[
        str, typer.Argument(help="model.safetensors, a bundle, or the name of a shipped one.")
    ],
    device: Device = "s10",
    as_json: Json = False,
) -> None:
    """Predict the milliseconds that a network takes for one picture on a phone's GPU."""
    from ..latency_model import SpeedModel

    speed = SpeedModel.load(device)
    kernels = list(network_and_card(model)[0].kernels())
    result = {
        "device": device,
        "ms": speed.latency(kernels),
        "prior_share": speed.prior_share(kernels),
        "out_of_range": speed.out_of_range(kernels),
    }
    text = (
        f"{result['ms']:.2f} ms on {device}; {result['prior_share']:.0%} of it rests on priors, "
        f"{len(result['out_of_range'])} kinds of kernel lie outside what was measured"
    )
    emit(result, as_json, text)


@app.command("fit")
def fit(
    tables: Annotated[Path, typer.Argument(help="Folder with the measured CSV tables.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for one JSON file per device.")],
    force: Force = False,
) -> None:
    """Fit every device again from the measured tables."""
    from ..latency_model import fit_all

    if any(out.glob("*.json")) and not force:
        raise UsageError(f"{out} holds devices already; pass --force to replace them")
    fit_all(tables, out)
    print(f"devices written to {out}")
