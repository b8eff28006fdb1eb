"""pocketstyle latency measure and sweep: milliseconds on devices at hand."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import PocketstyleError, UsageError
from .options import Json, emit
from .progress import progress

if TYPE_CHECKING:
    from ..latency_model.measuring import Measurement
    from ..latency_model.measuring.adb import Phone

Tool = Annotated[
    Path | None,
    typer.Option("--benchmark-model", help="TFLite's benchmark_model for the phones on adb."),
]
Adb = Annotated[str, typer.Option(help="The adb program.")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads on this computer.")]
NO_TOOL = "a phone is measured with TFLite's tool: pass --benchmark-model"
HOST_BACKENDS = {"host-cpu": "litert-cpu", "host-gpu": "litert-gpu"}


def measure(
    bundle: Annotated[str, typer.Argument(help="A .tflite, or the name of a shipped bundle.")],
    device: Annotated[
        str, typer.Option("--device", help="host-cpu, host-gpu, or adb with --benchmark-model.")
    ] = "host-cpu",
    tool: Tool = None,
    serial: Annotated[
        list[str] | None, typer.Option(help="Only these phones [all that adb lists].")
    ] = None,
    adb: Adb = "adb",
    threads: Threads = 1,
    as_json: Json = False,
) -> None:
    """Measure a bundle: on this computer, or with --benchmark-model on phones' GPUs."""
    from concurrent.futures import ThreadPoolExecutor

    from ..latency_model.measuring import measure_here, measure_on_phone
    from ..sdk import resolve

    path = resolve(bundle)
    if tool is None and device == "adb":
        raise UsageError(NO_TOOL)
    found: list[Measurement] = []
    failed: list[str] = []
    if tool is None:
        found.append(measure_here(path, threads, _host_backend(device)))
    else:
        phones = chosen_phones(adb, serial)
        with ThreadPoolExecutor(len(phones)) as pool:
            started = [pool.submit(measure_on_phone, path, tool, p, adb=adb) for p in phones]
        for phone, one in zip(phones, started, strict=True):
            try:
                found.append(one.result())
            except PocketstyleError as error:
                failed.append(f"{phone.name}: {error}")
    results = [asdict(m) | {"ms": m.ms, "half_width_ms": m.half_width_ms} for m in found]
    lines = [
        f"{m.device}, {m.backend}: {m.ms:.2f} ± {m.half_width_ms:.2f} ms (95 %, "
        f"{len(m.rounds_ms)} rounds)"
        for m in found
    ]
    if found:
        emit({"measurements": results}, as_json, "\n".join(lines))
    if failed:
        raise PocketstyleError("; ".join(failed))


def sweep(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The table, CSV; continued if it is there.")
    ],
    device: Annotated[
        str,
        typer.Option("--device", help="host-cpu, host-gpu, or adb with --benchmark-model."),
    ] = "host-cpu",
    blocks: Annotated[str, typer.Option(help="The networks whose blocks are measured.")] = "ugatit",
    minutes: Annotated[float, typer.Option(help="How long to measure.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the random configurations.")] = 0,
    tool: Tool = None,
    serial: Annotated[str | None, typer.Option(help="The phone, if adb lists several.")] = None,
    adb: Adb = "adb",
    threads: Threads = 1,
    as_json: Json = False,
) -> None:
    """Measure random building blocks, to fit this device's speed model to."""
    from ..sweep import OnPhone, run_sweep

    if blocks != "ugatit":
        raise UsageError(f"unknown blocks {blocks!r}; known: ugatit")
    if device == "adb":
        if tool is None:
            raise UsageError(NO_TOOL)
        phones = chosen_phones(adb, [serial] if serial else None)
        if len(phones) > 1:
            names = ", ".join(phone.serial for phone in phones)
            raise UsageError(f"one phone makes one table; choose by --serial: {names}")
        backend = OnPhone(phones[0], tool, adb)
    else:
        backend = _host_backend(device)

    with progress() as report:
        added = run_sweep(out, minutes, backend, seed, threads, report)
    emit(
        {"table": str(out), "added": added},
        as_json,
        f"{out}: {added} blocks added; next: pocketstyle latency fit {out} --out DEVICE.json",
    )


def _host_backend(device: str) -> str:
    if device not in HOST_BACKENDS:
        raise UsageError(f"unknown device {device!r}; known: {', '.join(HOST_BACKENDS)}, adb")
    return HOST_BACKENDS[device]


def chosen_phones(adb: str, serials: list[str] | None) -> list[Phone]:
    """Those that are ready, or the ones asked for; says on stderr why others are left out."""
    from ..latency_model.measuring import connected_phones

    phones, unready = connected_phones(adb)
    for why in unready:
        print(f"left out: {why}", file=sys.stderr)
    if unknown := set(serials or ()) - {phone.serial for phone in phones}:
        raise UsageError(f"adb lists no phone {', '.join(sorted(unknown))} that is ready")
    return [phone for phone in phones if not serials or phone.serial in serials]
