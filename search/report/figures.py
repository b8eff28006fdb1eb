"""The figures of a report, as inline SVG or HTML in the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..metrics_file import Metrics, curve
from .page import Html, element, escape, figure

if TYPE_CHECKING:  # a conversion needs no plots
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PROGRESS = (
    "step",
    "loss",
    "cost",
    *("predicted_ms", "target_ms", "predicted_mmacs", "target_mmacs"),
    "price",
)  # the rest are loss terms

COSTS = {  # by unit: its name, and what an axis says
    "ms": ("Predicted latency", "milliseconds, predicted"),
    "mmacs": ("MACs", "millions of MACs"),
}

# Matplotlib wants real colours; these stand for the page's and are replaced in the finished SVG.
INK, MUTED, GRID = "#010101", "#020202", "#030303"
SERIES = ("#040404", "#050505", "#060606", "#070707", "#080808")
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line"}
VARIABLES |= {colour: f"--series{i}" for i, colour in enumerate(SERIES)}
PLOT_STYLE = {
    "svg.fonttype": "none",  # text stays text: small, selectable, in the page's font
    "svg.hashsalt": "pocketstyle",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
}
PLOT_INCHES = (5.2, 2.9)
SMOOTHED_POINTS = 40  # of a curve: its mean line averages over 1/40 of the run


def loss_figure(metrics: Metrics) -> Html:
    """The loss and its terms against the step, on a logarithmic axis; empty without metrics.

    Thin lines are single batches, thick ones running means. The latency term has a figure of its
    own.
    """
    found = dict.fromkeys(name for line in metrics for name in line)
    terms = [name for name in found if name not in PROGRESS and "/" not in name]
    names = terms if len(terms) <= 1 else ["loss", *terms[: len(SERIES) - 1]]
    curves = {name: curve(metrics, name, positive=True) for name in names or ["loss"]}
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    if not curves:
        return Html("")
    with _styled():
        plot, axes = _plot("step", "loss")
        axes.set_yscale("log")
        for (name, (steps, values)), colour in zip(curves.items(), SERIES, strict=False):
            axes.plot(steps, values, color=colour, alpha=0.3, linewidth=0.8)
            axes.plot(steps, _smooth(values), color=colour, label=name)
        # a distilled student starts as its teacher: that one batch must not stretch the axis
        axes.set_ylim(bottom=0.7 * min(np.percentile(v, 3) for _, v in curves.values()))
        from matplotlib.ticker import LogLocator, NullLocator

        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        if len(curves) > 1:
            axes.legend(fontsize=8, ncols=2)
        _mark_phases(axes, metrics)
        return figure(
            _svg(plot, "Loss against the step"),
            f"Loss ({', '.join(curves)}): thin, single batches; thick, running mean.",
            css="plot",
        )


def cost_figure(metrics: Metrics) -> Html:
    """The cost and its target against the search step; empty for a training."""
    target_steps, target, unit = _target(metrics)
    steps, predicted = curve(metrics, f"predicted_{unit}")
    if not (len(steps) and len(target)):
        return Html("")
    name, label = COSTS[unit]
    with _styled():
        plot, axes = _plot("step", label)
        axes.plot(target_steps, target, color=SERIES[1], linestyle="--", label="target")
        axes.plot(steps, predicted, color=SERIES[0], label="network")
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower left", fontsize=8)
        _mark_phases(axes, [line for line in metrics if f"predicted_{unit}" in line])
        return figure(
            _svg(plot, f"{name} against the step"),
            "The target falls from the full network's cost to the wished one; from there the "
            "masks move ever more slowly. At the end the last channels close or come back, until "
            "the network is just below the target.",
            css="plot",
        )


def front_figure(front: Mapping[str, Any]) -> Html:
    """Likeness to the teacher against latency: `front.json` of several searches."""
    with _styled():
        plot, axes = _plot(f"milliseconds, predicted on {front['device']}", "SSIM to the teacher")
        points = [(s["predicted_ms"], s["ssim_to_teacher"]) for s in front["students"]]
        axes.plot(*zip(*points, strict=True), color=SERIES[0], marker="o", label="students")
        whole = front["teacher"]["predicted_ms"]
        axes.plot(whole, 1.0, color=SERIES[1], marker="s", linestyle="", label="teacher")
        axes.set_xlim(left=0)
        axes.legend(loc="lower right", fontsize=8)
        return figure(
            _svg(plot, "Likeness to the teacher against predicted latency"),
            f"Structural similarity to the teacher's pictures (N = {front['n']}, of the source).",
            css="plot",
        )


def nas_figures(history: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> list[Html]:
    """Of a search of genotypes: the objective as it fell, and what a millisecond buys."""
    with _styled():
        plot, axes = _plot("candidate", "objective")
        scores = [one["score"] for one in history]
        axes.plot(scores, color=SERIES[0], marker=".", linestyle="", label="candidates", alpha=0.6)
        axes.plot(np.minimum.accumulate(scores), color=SERIES[1], label="the best so far")
        axes.legend(loc="upper right", fontsize=8)
        fell = figure(
            _svg(plot, "The objective against the candidate's number"),
            f"Less is better; {len(history)} candidates by {result['method']}.",
            css="plot",
        )
        plot, axes = _plot(f"milliseconds, predicted on {result['device']}", "error to the oracle")
        points = [(one["ms"], one["error"]) for one in history]
        axes.plot(*zip(*points, strict=True), color=SERIES[0], marker=".", linestyle="", alpha=0.6)
        kept = [(one["ms"], one["error"]) for one in result["front"]]
        axes.plot(*zip(*kept, strict=True), color=SERIES[1], marker="o", label="front")
        best = result["best"]
        axes.plot(best["ms"], best["error"], color=SERIES[2], marker="s", label="best objective")
        axes.set_xlim(left=0)
        axes.legend(loc="upper right", fontsize=8)
        bought = figure(
            _svg(plot, "Error to the oracle against predicted latency"),
            f"PhotoNet, the oracle, takes {result['oracle_ms']:.1f} ms.",
            css="plot",
        )
        return [fell, bought]


def history_figure(metrics: Metrics) -> Html:
    """Share of open channels by group, and which blocks run, over the search; else empty."""
    lines = [line for line in metrics if any(name.startswith("width/") for name in line)]
    names = [name for name in (lines[0] if lines else ()) if name.startswith(("width/", "gate/"))]
    if len(lines) < 2:
        return Html("")
    shares = np.array([[line.get(n, 0) / max(lines[0][n], 1) for line in lines] for n in names])
    picks = np.linspace(0, len(lines) - 1, min(len(lines), 200)).round().astype(int)
    with _styled():
        plot, axes = _plot("step", "", inches=(PLOT_INCHES[0], 0.6 + 0.17 * len(names)))
        axes.grid(False)
        # one bar per group and step, opaque where all is open: vector, so it follows the theme
        steps = [lines[i]["step"] for i in picks]
        edges = [*steps, 2 * steps[-1] - steps[-2]]
        for row, values in enumerate(shares[:, picks]):
            for left, right, share in _runs(edges, values.round(2)):
                axes.barh(
                    row, right - left, 0.8, left, color=SERIES[0], alpha=share, lw=0, aa=False
                )
        labels = [f"block {n[5:]}" if n.startswith("gate/") else n[6:] for n in names]
        axes.set_yticks(range(len(names)), labels, fontsize=7.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(edges[0], edges[-1])
        return figure(
            _svg(plot, "Open channels and blocks over the search"),
            "Channels left in each group, and blocks that still run: full colour is all of them, "
            "pale is few, blank is none.",
            css="plot",
        )


def widths_figure(full_widths: Mapping[str, int], student_widths: Mapping[str, int]) -> Html:
    """Channels kept of the full network's, by group; a group that is missing lost its block."""
    cells = []
    for name, full in full_widths.items():
        kept = student_widths.get(name)
        if kept is None:
            cells.append(element("span", name, css="gone"))
            cells += [
                element("div", css="track gone"),
                element("span", "block removed", css="gone"),
            ]
        else:
            bar = Html(f'<i style="width:{100 * kept / full:.1f}%"></i>')
            cells += [element("span", name), element("div", bar, css="track")]
            cells.append(element("span", f"{kept} / {full}"))
    return figure(element("div", *cells, css="bars"))


def blocks_figure(full_blocks: Sequence[str], student_blocks: Sequence[str]) -> Html:
    """The residual blocks, those that were removed struck out."""
    chips = (element("span", b, css="" if b in student_blocks else "gone") for b in full_blocks)
    return figure(
        element("div", *chips, css="chips"),
        f"Residual blocks: {len(student_blocks)} of {len(full_blocks)} are left.",
    )


def _styled() -> AbstractContextManager[None]:
    """Inside, plots have the report's style."""
    import matplotlib

    return matplotlib.rc_context(PLOT_STYLE)


def _plot(
    x_label: str, y_label: str, inches: tuple[float, float] = PLOT_INCHES
) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    plot = Figure(inches, layout="constrained")
    return plot, plot.add_subplot(xlabel=x_label, ylabel=y_label)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Centred running mean whose window shrinks towards the ends."""
    reach = len(values) // (2 * SMOOTHED_POINTS)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    i = np.arange(len(values))
    window = np.minimum(reach, np.minimum(i, len(values) - 1 - i))
    return (sums[i + window + 1] - sums[i - window]) / (2 * window + 1)


def _runs(edges: Sequence[float], values: np.ndarray) -> Iterable[tuple[float, float, float]]:
    """Left, right and value of each stretch of equal values."""
    changes = [0, *(np.flatnonzero(np.diff(values)) + 1), len(values)]
    for start, end in pairwise(changes):
        yield edges[start], edges[end], float(values[start])


def _target(metrics: Metrics) -> tuple[np.ndarray, np.ndarray, str]:
    """Steps and targets of a search, and their unit."""
    unit = "mmacs" if any("target_mmacs" in line for line in metrics) else "ms"
    return *curve(metrics, f"target_{unit}"), unit


def _mark_phases(axes: Axes, metrics: Metrics) -> None:
    """Lines where the target had arrived and where fine-tuning began, as far as the run came."""
    steps, target, _ = _target(metrics)
    if not len(steps):
        return
    arrived = np.flatnonzero(target == target[-1])
    if len(arrived) > 1:
        _mark(axes, steps[arrived[0]], "target arrived", right=False)
    if fine_tuning := [line["step"] for line in metrics if line["step"] > steps[-1]]:
        _mark(axes, fine_tuning[0], "fine-tuning", right=True)


def _mark(axes: Axes, step: float, label: str, right: bool) -> None:
    axes.axvline(step, color=MUTED, linewidth=0.9, linestyle=":")
    axes.annotate(
        label,
        (step, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3 if right else -3, 3),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=8,
        color=MUTED,
    )


def _svg(plot: Figure, description: str) -> Html:
    """A figure as inline SVG in the page's colours, without ids, metadata or namespaces."""
    stream = io.StringIO()
    plot.savefig(stream, format="svg", transparent=True)
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return Html(svg.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1))
