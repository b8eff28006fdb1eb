"""pocketstyle latency: the speed model's devices, predictions and fits."""

from __future__ import annotations

from dataclasses import asdict
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


@app.command("measure")
def measure(
    bundle: Annotated[str, typer.Argument(help="A .tflite, or the name of a shipped bundle.")],
    tool: Annotated[
        Path | None,
        typer.Option("--benchmark-model", help="TFLite's benchmark_model for the phones on adb."),
    ] = None,
    serial: Annotated[
        list[str] | None, typer.Option(help="Only these phones [all that adb lists].")
    ] = None,
    adb: Annotated[str, typer.Option(help="The adb program.")] = "adb",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads on this computer.")] = 1,
    as_json: Json = False,
) -> None:
    """Measure a bundle: on this computer's CPU, or with --benchmark-model on phones' GPUs."""
    from concurrent.futures import ThreadPoolExecutor

    from ..latency_model.measuring import connected_phones, measure_here, measure_on_phone
    from ..sdk import resolve

    path = resolve(bundle)
    if tool is None:
        found = [measure_here(path, threads)]
    else:
        phones = connected_phones(adb)
        if unknown := set(serial or ()) - {phone.serial for phone in phones}:
            raise UsageError(f"adb lists no phone {', '.join(sorted(unknown))} that is ready")
        chosen = [phone for phone in phones if not serial or phone.serial in serial]
        with ThreadPoolExecutor(len(chosen)) as pool:
            found = list(pool.map(lambda p: measure_on_phone(path, tool, p, adb=adb), chosen))
    results = [asdict(m) | {"ms": m.ms, "half_width_ms": m.half_width_ms} for m in found]
    lines = [
        f"{m.device}, {m.backend}: {m.ms:.2f} ± {m.half_width_ms:.2f} ms (95 %, "
        f"{len(m.rounds_ms)} rounds)"
        for m in found
    ]
    emit({"measurements": results}, as_json, "\n".join(lines))


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
