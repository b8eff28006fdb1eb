"""Pictures of a judgement: predicted against measured, error by operator, error by size."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib.figure import Figure

from ..whole import written_whole
from .judging import Judgement

INK, GRID, BAND = "#222222", "#dddddd", "#e8eef7"
PALETTE = ("#3b6fb6", "#d1495b", "#2f9e77", "#edae49", "#7b5ea7", "#5b8e9c", "#a0704f", "#888888")
HINT = 10.0  # percent, the dashed line


def draw(found: Judgement, device: str, folder: Path) -> list[Path]:
    """Writes predicted.png, by_op.png and by_size.png; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = sorted(set(found.kind), key=lambda kind: (kind == "network", kind))
    colours = {kind: PALETTE[i % len(PALETTE)] for i, kind in enumerate(kinds)}
    figures = {
        "predicted": _predicted(found, device, kinds, colours),
        "by_op": _by_op(found, device, kinds, colours),
        "by_size": _by_size(found, device, kinds, colours),
    }
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.png")
        with written_whole(paths[-1]) as part:
            figure.savefig(part, dpi=140, format="png")
    return paths


def _axes(title: str, x: str, y: str):
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=INK)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _predicted(found, device, kinds, colours) -> Figure:
    figure, axes = _axes(f"{device}: predicted against measured", "measured, ms", "predicted, ms")
    ends = np.array([min(found.measured), max(found.measured)])
    axes.fill_between(ends, ends / 1.1, ends * 1.1, color=BAND, label="within 10 %")
    axes.plot(ends, ends, color=INK, linewidth=0.8)
    for kind in kinds:
        predicted, measured, _ = found.arrays([kind])
        axes.scatter(measured, predicted, s=9, color=colours[kind], alpha=0.6, label=kind.lower())
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _by_op(found, device, kinds, colours) -> Figure:
    figure, axes = _axes(f"{device}: error by kind", "absolute error, %", "")
    for place, kind in enumerate(reversed(kinds)):
        predicted, measured, _ = found.arrays([kind])
        off = 100 * np.abs(predicted / measured - 1)
        low, middle, high = np.quantile(off, [0.25, 0.5, 0.9])
        axes.plot([low, high], [place, place], color=colours[kind], linewidth=6, alpha=0.35)
        axes.plot(middle, place, "|", color=colours[kind], markersize=16, markeredgewidth=2)
        axes.plot(off.mean(), place, "o", color=colours[kind])
    names = [f"{kind.lower()} ({found.kind.count(kind)})" for kind in reversed(kinds)]
    axes.set_yticks(range(len(kinds)), names)
    axes.set_xlabel("absolute error, % (bar: 25 to 90 % quantile, line: median, dot: mean)")
    axes.set_xlim(left=0)
    return figure


def _by_size(found, device, kinds, colours) -> Figure:
    figure, axes = _axes(
        f"{device}: error by size",
        "multiply-accumulates (elements read, where there are none)",
        "predicted / measured - 1, %",
    )
    size = np.array(found.size)
    for kind in kinds:
        rows = np.array(found.kind) == kind
        off = 100 * (np.array(found.predicted)[rows] / np.array(found.measured)[rows] - 1)
        axes.scatter(
            size[rows],
            np.clip(off, -100, 100),
            s=9,
            alpha=0.6,
            color=colours[kind],
            label=kind.lower(),
        )
    for hint in (-HINT, HINT):
        axes.axhline(hint, color=INK, linewidth=0.6, linestyle="--")
    axes.set_xscale("log")
    axes.legend(frameon=False, fontsize=8)
    return figure
