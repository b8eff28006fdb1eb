"""The report of several searches: a Pareto front of latency and likeness to the teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...whole import written_whole
from .figures import front_figure
from .page import Html, count, element, escape, page, section, side_by_side, strips, table


def write_front_report(out: Path, front: dict[str, Any], pictures: dict[str, np.ndarray]) -> Path:
    """Write `out/report.html`.

    Args:
        front: what `front.json` holds.
        pictures: uint8[N, S, S, 3] of the input, the teacher and each student, by its name.
    """
    parts = [
        element(
            "header",
            element("h1", f"{len(front['students'])} students of one teacher"),
            element("p", f"Searched on {front['device']}, one for each target.", css="lead"),
        )
    ]
    if front["students"]:
        parts.append(section("Front", side_by_side(front_figure(front)), _table(front)))
    if front["failed"]:
        lines = (element("li", f"{target} ms: {why}") for target, why in front["failed"].items())
        parts.append(section("Targets without a student", element("ul", *lines)))
    parts.append(section("Pictures", strips(pictures)))
    path = out / "report.html"
    with written_whole(path) as part:
        part.write_text(page(f"{out.resolve().name} – pocketstyle", parts), encoding="utf-8")
    return path


def _table(front: dict[str, Any]) -> Html:
    header = ("", "target", "predicted", "MACs", "parameters", "SSIM to the teacher")
    rows = [_row("teacher", "", front["teacher"])]
    for student in front["students"]:
        link = Html(f'<a href="{escape(student["run"])}/report.html">{escape(student["run"])}</a>')
        rows.append(_row(link, f"{student['target_ms']:g} ms", student))
    return table(header, rows)


def _row(name: Any, target: str, network: dict[str, Any]) -> tuple[Any, ...]:
    return (
        name,
        target,
        f"{network['predicted_ms']:.2f} ms",
        count(network["macs"]),
        count(network["params"]),
        f"{network['ssim_to_teacher']:.3f}",
    )
