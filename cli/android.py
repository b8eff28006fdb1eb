"""pocketstyle android: the demo app on a phone, over adb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .measuring import Adb, chosen_phones
from .options import Force, Json, emit
from .progress import progress

if TYPE_CHECKING:
    from ..latency_model.measuring.adb import Phone

app = typer.Typer(help="The demo app on a phone: install, run, bench.", no_args_is_help=True)

APK = Path("android_demo/app/target/pocketstyle-demo.apk")
Serial = Annotated[str | None, typer.Option(help="The phone, if adb lists several.")]


@app.command("install")
def install(
    apk: Annotated[Path, typer.Argument(help="What `make apk` builds.")] = APK,
    serial: Serial = None,
    adb: Adb = "adb",
) -> None:
    """Install the app, or replace it; what it has saved stays."""
    from ..latency_model.measuring.demo_app import install

    phone = _phone(adb, serial)
    install(apk, phone, adb)
    print(f"{apk} installed on {phone.name}")


@app.command("run")
def run(
    bundle: Annotated[str, typer.Argument(help="A .tflite, or the name of a shipped bundle.")],
    serial: Serial = None,
    adb: Adb = "adb",
) -> None:
    """Put a bundle on the phone and start the camera with it."""
    from ..latency_model.measuring.demo_app import run
    from ..sdk import read_info, resolve

    path = resolve(bundle)
    read_info(path)  # what is no bundle ends here
    phone = _phone(adb, serial)
    run(path, phone, adb)
    print(f"{path.stem} runs on {phone.name}")


@app.command("bench")
def bench(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the tables.")],
    minutes: Annotated[
        float, typer.Option(min=0, help="Measure building blocks for so long, too, and fit.")
    ] = 0.0,
    serial: Serial = None,
    adb: Adb = "adb",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure the app's bundles on the phone's GPU and CPU; with --minutes, fit its speed model.

    Writes bundles-gpu.csv and bundles-cpu.csv. With --minutes also blocks.csv, which is continued
    if it is there, and device.json for `--device` of other commands.
    """
    from ..latency_model.measuring.demo_app import measure_bundles

    tables = [out / "bundles-gpu.csv", out / "bundles-cpu.csv"]
    if minutes:
        tables.append(out / "device.json")
    if not force and (kept := [path.name for path in tables if path.exists()]):
        raise UsageError(f"{out} holds {', '.join(kept)}; pass --force to replace them")
    phone = _phone(adb, serial)
    found = measure_bundles(out, phone, adb)
    result = {"phone": phone.name, "bundles": found}
    lines = [
        f"{one['name']:14} {one['on']} {one['ms']:9.2f} ± {one['spread_ms']:.2f} ms"
        for one in found
    ]
    if minutes:
        result |= _fitted(out, minutes, phone, adb)
        lines.append(result["fit"])
    emit(result, as_json, "\n".join(lines))


def _fitted(out: Path, minutes: float, phone: Phone, adb: str) -> dict[str, str]:
    from ..latency_model.block_table import read_blocks
    from ..latency_model.blocks import MIN_BLOCKS, fit_blocks
    from ..latency_model.cards import write_card
    from ..sweep import OnApp, run_sweep

    table, card = out / "blocks.csv", out / "device.json"
    with progress() as report:
        run_sweep(table, minutes, OnApp(phone, adb), report=report)
    if (count := len(read_blocks(table))) < MIN_BLOCKS:
        return {"fit": f"{count} blocks so far, a fit needs {MIN_BLOCKS}: run it again to add more"}
    fitted = fit_blocks(table, card.stem)
    write_card(fitted, card)
    off = fitted["errors"]["held_out"]["block_median"]
    return {"fit": f"{card}: {count} blocks; those left out of the fit are off by {off:g} %"}


def _phone(adb: str, serial: str | None) -> Phone:
    phones = chosen_phones(adb, [serial] if serial else None)
    if len(phones) > 1:
        names = ", ".join(phone.serial for phone in phones)
        raise UsageError(f"several phones are connected; choose by --serial: {names}")
    return phones[0]
