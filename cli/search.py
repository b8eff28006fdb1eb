"""pocketstyle search: prune a network until it meets a latency target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import PocketstyleError, UsageError
from .options import Config, Json, Out, Overrides, Resume, emit
from .progress import progress

NAME = "search"


def run(
    config: Config,
    out: Out = None,
    overrides: Overrides = None,
    resume: Resume = False,
    target_ms: Annotated[
        float | None, typer.Option(help="Short for --set search.target_ms=…")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Short for --set search.device=… and nas.device=…")
    ] = None,
    targets: Annotated[
        str | None, typer.Option(help="Several targets in milliseconds, such as 20,33,55.")
    ] = None,
    ray: Annotated[
        str, typer.Option(help="Their Ray cluster; auto: one that runs here, or a new one.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Search a network under a latency target on a named phone, compact it and fine-tune it.

    With `nas.oracle`: search PhotoNet's operators by evolution (StyleNAS).
    """
    from ..search import load_config, search, search_front

    changes = list(overrides or ())
    if target_ms is not None:
        changes.append(f"search.target_ms={target_ms}")
    if device is not None:
        changes += [f"search.device={device}", f"nas.device={device}"]
    settings = load_config(config, changes)
    in_ms = target_ms is not None or targets is not None
    if in_ms and settings.search.target_mmacs is not None:
        raise UsageError("search.target_mmacs is set: the target is in MACs, not in milliseconds")
    out = out or Path("runs") / f"{Path(config).stem}-search"
    if settings.nas.oracle is not None:
        if target_ms is not None or targets is not None:
            raise UsageError("nas.oracle is set: its limit is nas.at_most_ms")
        _stylenas(settings, out, resume, ray, as_json)
        return
    if targets is not None:
        if target_ms is not None:
            raise UsageError("give --target-ms or --targets, not both")
        with progress() as report:
            front = search_front(
                settings, _parse(targets), out, resume=resume, address=ray, report=report
            )
        lines = [
            f"target {one['target_ms']:g} ms: {one['predicted_ms']:.2f} ms predicted on "
            f"{front['device']}, SSIM to the teacher {one['ssim_to_teacher']:.3f}"
            for one in front["students"]
        ]
        emit(front, as_json, "\n".join((*lines, f"report: {out / 'report.html'}")))
        if front["failed"]:
            told = "; ".join(f"{target} ms: {why}" for target, why in front["failed"].items())
            raise PocketstyleError(f"without a student: {told}")
        return
    with progress() as report:
        model = search(settings, out, resume=resume, report=report)
    result = _outcome(settings, model) | {"model": str(model), "report": str(out / "report.html")}
    lines = [_met(result), f"model: {model}", f"report: {result['report']}"]
    emit(result, as_json, "\n".join(lines))


def _outcome(settings: Any, model: Path) -> dict[str, Any]:
    """What the student costs, and what was asked for."""
    from ..latency_model import SpeedModel, total_macs
    from ..networks import load

    kernels = list(load(model)[0].kernels())
    told = SpeedModel.load(settings.search.device).predict(kernels)
    in_ms = settings.search.target_mmacs is None
    return {
        "device": settings.search.device,
        "target_ms": settings.search.target_ms if in_ms else None,
        "target_mmacs": settings.search.target_mmacs,
        "predicted_ms": told.ms,
        "low_ms": told.low_ms,
        "high_ms": told.high_ms,
        "macs": total_macs(kernels),
    }


def _met(result: dict[str, Any]) -> str:
    """The outcome as a line for people."""
    wished = f"target {result['target_ms'] or 0:g} ms"
    if result["target_mmacs"] is not None:
        wished = f"target {result['target_mmacs']:g} MMACs"
    return (
        f"{result['predicted_ms']:.2f} ms predicted on {result['device']} (90 %: "
        f"{result['low_ms']:.2f} to {result['high_ms']:.2f}), {result['macs'] / 1e6:.1f} MMACs; "
        f"{wished}"
    )


def _stylenas(settings: Any, out: Path, resume: bool, ray: str, as_json: bool) -> None:
    from ..search import stylenas
    from .nas_table import nas_table

    with nas_table(settings.nas.candidates) as tell:
        result = stylenas(settings, out, resume=resume, address=ray, tell=tell)
    best = result["best"]
    emit(
        result,
        as_json,
        f"best: {best['genotype']}  objective {best['score']:.4f}  {best['ms']:.1f} ms\n"
        f"report: {out / 'report.html'}",
    )


def _parse(targets: str) -> list[float]:
    try:
        values = [float(target) for target in targets.split(",")]
    except ValueError:
        values = []
    if not values or not all(0 < value < float("inf") for value in values):
        raise UsageError(f"--targets {targets!r}: write milliseconds, such as 20,33,55")
    return values
