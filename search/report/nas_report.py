"""The report of StyleNAS: how the objective fell, the front, and the best genotypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...networks import Genotype
from ...whole import written_whole
from .figures import nas_figures
from .page import Html, element, page, section, side_by_side, table

BEST = 10  # rows of the table


def write_nas_report(
    out: Path, history: Sequence[Mapping[str, Any]], result: Mapping[str, Any]
) -> Path:
    """Write `out/report.html`.

    Args:
        history: the candidates, in the order in which they were known.
        result: what `nas.json` holds.
    """
    best = result["best"]
    operators = Genotype.from_string(best["genotype"]).describe().splitlines()
    parts = [
        element(
            "header",
            element("h1", f"{result['candidates']} genotypes by {result['method']}"),
            element("p", f"The best has {len(operators)} of 31 operators.", css="lead"),
        ),
        section("Search", side_by_side(*nas_figures(history, result))),
        section("The best", element("ul", *(element("li", line) for line in operators))),
        section("By the objective", _table(sorted(history, key=lambda one: one["score"])[:BEST])),
        section("Front of error and milliseconds", _table(result["front"])),
    ]
    path = out / "report.html"
    with written_whole(path) as part:
        part.write_text(page(f"{out.resolve().name} – pocketstyle", parts), encoding="utf-8")
    return path


def _table(candidates: Sequence[Mapping[str, Any]]) -> Html:
    header = ("genotype", "objective", "error", "perception", "operators", "predicted ms")
    return table(
        header,
        [
            (
                one["genotype"],
                f"{one['score']:.4f}",
                f"{one['error']:.4f}",
                f"{one['perception']:.4f}",
                one["genotype"].count("1"),
                f"{one['ms']:.1f}",
            )
            for one in candidates
        ],
    )
