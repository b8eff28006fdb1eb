"""pocketstyle demo: the main job on the embedded default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Force, Json, emit
from .progress import progress

NAME = "demo"


def run(
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that is made.")] = Path(
        "runs/demo"
    ),
    short: Annotated[
        bool, typer.Option("--short", help="A few steps only, to see that everything runs.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Search, compact, convert, verify and play, on embedded data; then open report.html."""
    from ..demo import demo

    with progress() as report:
        result = demo(out, force=force, short=short, report=report)
    teacher, student, device = result["teacher"], result["student"], result["device"]
    text = "\n".join(
        (
            f"MACs        {teacher['macs'] / 1e6:.0f} M → {student['macs'] / 1e6:.0f} M",
            f"predicted   {teacher['predicted_ms'][device]:.1f} → "
            f"{student['predicted_ms'][device]:.1f} ms on {device} "
            f"(target {result['target_ms']:g} ms)",
            f"SSIM        {result['identity']['ssim_to_truth']:.3f} untouched, "
            f"{teacher['ssim_to_truth']:.3f} teacher, {student['ssim_to_truth']:.3f} student "
            f"(N = {result['unseen_heads']})",
            f"GPU         {result['bundle']['gpu_note']}",
            f"bundle      {result['bundle']['path']} ({result['bundle']['bytes']} bytes)",
            f"report      {result['report']}",
        )
    )
    emit(result, as_json, text)
