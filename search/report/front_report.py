"""The report of several searches: a Pareto front of latency and likeness to the teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...whole import written_whole
from .figures import front_figure
from .page import Html, count, element, escape, page, picture, section, side_by_side, table


def write_front_report(out: Path) -> Path:
    """Write `out/report.html` from `out/front.json` and the runs' last samples."""
    front = json.loads((out / "front.json").read_text())
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
    for student in front["students"]:
        samples = sorted((out / student["run"] / "samples").glob("*.png"))
        if samples:
            heading = f"{student['target_ms']:g} ms: input and student"
            parts.append(section(heading, picture(samples[-1], heading)))
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
