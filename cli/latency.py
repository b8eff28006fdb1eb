"""pocketstyle latency: the speed model's devices, predictions, fits and their errors."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import UsageError
from ..whole import check_free, written_whole
from .measuring import measure, sweep
from .networks import parts_of
from .options import Force, Json, emit

app = typer.Typer(help="The speed model: devices, predictions, fits.", no_args_is_help=True)
app.command("measure")(measure)
app.command("sweep")(sweep)

ModelDevice = Annotated[
    str, typer.Option("--device", help="A name of `latency devices`, or a fitted .json.")
]


@app.command("devices")
def devices(as_json: Json = False) -> None:
    """List the devices that latency can be predicted for, and how well."""
    from ..latency_model import SpeedModel, device_names

    cards = {name: SpeedModel.load(name).card for name in device_names()}
    if as_json:
        heavy = ("paths", "residual", "seen")
        print(
            json.dumps(
                {
                    name: {k: v for k, v in card.items() if k not in heavy}
                    for name, card in cards.items()
                }
            )
        )
        return
    table = Table(title="mean absolute error on what a fit had not seen", title_justify="left")
    for column in ("device", "chip", "precision", "measured", "blocks", "kernels", "networks"):
        table.add_column(column, overflow="fold", no_wrap=column == "measured")
    for name, card in cards.items():
        errors = card["errors"]["held_out"]
        kernels = errors.get("conv2d", errors.get("block"))
        networks = f"{errors['network']:g} %" if "network" in errors else "-"
        table.add_row(
            *(name, card["chip"], card["precision"].split(" (")[0], card["measured"]),
            f"{card['configurations']:,}",
            f"{kernels:g} %",
            networks,
        )
    Console().print(table)


@app.command("predict")
def predict(
    model: Annotated[
        str,
        typer.Argument(help="model.safetensors, a bundle, a spec's .json, or a shipped name."),
    ],
    device: Annotated[
        str, typer.Option("--device", help="A device of `latency devices`, a .json, or all.")
    ] = "s10",
    as_json: Json = False,
) -> None:
    """Predict the milliseconds that a network takes for one picture, by block."""
    from ..latency_model import SpeedModel, device_names

    parts = parts_of(model)
    kernels = [kernel for part in parts.values() for kernel in part]
    models = {
        name: SpeedModel.load(name) for name in (device_names() if device == "all" else [device])
    }
    result = {
        name: asdict(model.predict(kernels))
        | {
            "out_of_range": model.out_of_range(kernels),
            "parts": {
                part: asdict(one) for part, one in model.predict_parts(parts.items()).items()
            },
        }
        for name, model in models.items()
    }
    if as_json:
        one = {"device": device, **result[device]} if device in result else None
        print(json.dumps(one or {"devices": result}))
        return
    _print_prediction(result)


def _print_prediction(result: dict[str, Any]) -> None:
    console = Console()
    single = len(result) == 1
    title = "milliseconds with 90 % intervals" if single else "milliseconds"
    table = Table(title=title, title_justify="left")
    table.add_column("part")
    for name in result:
        table.add_column(name, justify="right")
    show = _interval if single else (lambda one: f"{one['ms']:.2f}")
    for part in next(iter(result.values()))["parts"]:
        table.add_row(part, *(show(one["parts"][part]) for one in result.values()))
    table.add_section()
    table.add_row("all", *(show(one) for one in result.values()))
    console.print(table)
    for name, one in result.items():
        head = f"{name}: {_interval(one)} ms, {one['prior_share']:.0%} of it never measured there"
        for line in (head, *(f"  {note}" for note in one["out_of_range"])):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _interval(one: dict[str, float]) -> str:
    return f"{one['ms']:.2f} ({one['low_ms']:.2f} to {one['high_ms']:.2f})"


@app.command("fit")
def fit(
    tables: Annotated[
        Path,
        typer.Argument(help="A table of `latency sweep`, or the folder of the phones' tables."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="DEVICE.json, or a folder for all the phones.")
    ],
    force: Force = False,
) -> None:
    """Fit a device, or all the phones again, from measurements."""
    from ..latency_model.blocks import fit_blocks
    from ..latency_model.cards import write_card
    from ..latency_model.phones import fit_all

    if tables.is_dir():
        if out.suffix == ".json" or out.is_file():
            raise UsageError(
                f"a folder of tables makes one file per phone: --out {out} is no folder"
            )
        if any(out.glob("*.json")) and not force:
            raise UsageError(f"{out} holds devices already; pass --force to replace them")
        fit_all(tables, out, lambda device: print(f"fitting {device}", file=sys.stderr))
        print(f"devices written to {out}")
        return
    if out.suffix != ".json":
        raise UsageError(f"a table of blocks makes one device: --out {out} does not end in .json")
    check_free(out, force)
    card = fit_blocks(tables, out.stem)
    write_card(card, out)
    errors = card["errors"]["held_out"]
    print(
        f"{out}: {card['configurations']} blocks of {card['chip']}; blocks left out of the fit are "
        f"off by {errors['block_median']:g} % (median), {errors['block_90th_percentile']:g} % "
        "(90th percentile)"
    )


@app.command("evaluate")
def evaluate(
    device: ModelDevice,
    ops: Annotated[
        Path | None, typer.Option(help="Measured kernels: CSV as the phones' tables.")
    ] = None,
    end_to_end: Annotated[
        Path | None, typer.Option(help="Measured networks, of which --ops has the kernels.")
    ] = None,
    blocks: Annotated[
        Path | None, typer.Option(help="Measured blocks: a table of `latency sweep`.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for evaluation.json and plots.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Judge a device on measurements; says how many of them it was fitted on."""
    from ..latency_model import SpeedModel
    from ..latency_model.judging import judge_blocks, judge_tables

    if (ops is None) == (blocks is None):
        raise UsageError("what to judge it on: --ops (and --end-to-end), or --blocks")
    if end_to_end is not None and ops is None:
        raise UsageError("--end-to-end needs --ops, which says what kernels the networks have")
    if out is not None and not force:
        files = ("evaluation.json", "predicted.png", "by_op.png", "by_size.png")
        if kept := [name for name in files if (out / name).exists()]:
            raise UsageError(f"{out} holds {', '.join(kept)}; pass --force to replace them")
    model = SpeedModel.load(device)
    found = judge_blocks(model, blocks) if blocks else judge_tables(model, ops, end_to_end)
    result = found.summary()
    if out is not None:
        from ..latency_model.plots import draw

        draw(found, model.name, out)
        with written_whole(out / "evaluation.json") as part:
            part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    every = dict(result["by_op"])
    if result["end_to_end"]:
        every["networks"] = result["end_to_end"]
    lines = [
        f"{kind.lower():20} {one['mape']:6.1f} % {one['max']:7.1f} % {one['covered']:8.0%}"
        f" {one['n']:6}"
        for kind, one in every.items()
    ]
    head = f"{'absolute error':20} {'mean':>8} {'worst':>9} {'covered':>8} {'n':>6}"
    note = "covered: share within the 90 % intervals"
    if result["scale"] != 1:
        note += f"; times scaled by {result['scale']:.3f}, from the table's reference to the card's"
    notes = [note]
    if result["seen"]:
        notes.append(
            f"{result['seen']} of these {len(found.kind)} were in the fit: of those it is a memory"
        )
    emit(result, as_json, "\n".join([head, *lines, *notes]))
