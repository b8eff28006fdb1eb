"""The report of a run (C7): one HTML page that holds its pictures and plots and loads nothing.

`page`, `section`, `table` and the figures are the parts; `write_run_report` puts them together for
a directory of `train` or `search`, finished or not. Colours are CSS variables, in the plots too,
so that a page follows the reader's light or dark mode.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from PIL import Image

from .. import __version__
from ..networks import ModelCard, Spec
from ..networks.checkpoint import read_header

Metrics = Sequence[Mapping[str, float]]
"""The lines of metrics.jsonl."""

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".mp4": "video/mp4"}
PROGRESS = (
    "step",
    "loss",
    "latency",
    "predicted_ms",
    "target_ms",
    "price",
)  # the rest are loss terms

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

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #ffffff; --ink: #1d1f24;
  --muted: #646a75; --line: #dfdcd6; --accent: #c2410c; --soft: #fbe9df; --good: #15803d;
  --bad: #b91c1c; --series0: #c2410c; --series1: #2563a8; --series2: #15803d; --series3: #9333a8;
  --series4: #a16207; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --card: #1d2026; --ink: #e9e7e3;
  --muted: #a0a5af; --line: #353a43; --accent: #fb923c; --soft: #33241a; --good: #4ade80;
  --bad: #f87171; --series0: #fb923c; --series1: #6cb0f5; --series2: #4ade80; --series3: #d48bf0;
  --series4: #facc15; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.5rem, 4.5vw, 2.3rem); line-height: 1.2; margin: 0 0 .6rem;
  letter-spacing: -.015em; max-width: 30em; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 2.8rem 0 .7rem; letter-spacing: -.01em; }
p, ul, ol { max-width: 46em; margin: .5rem 0 .9rem; }
li { margin: .3rem 0; }
.lead { font-size: 1.1rem; color: var(--muted); }
.note { color: var(--muted); font-size: .9rem; }
.notice { border: 2px solid var(--bad); color: var(--bad); border-radius: 10px;
  padding: .7rem 1rem; margin: 0 0 1.5rem; font-weight: 600; max-width: none; }
.good { color: var(--good); } .bad { color: var(--bad); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .88em; }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 1rem; }
summary { cursor: pointer; color: var(--muted); }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--muted); font-size: .85rem; }
.tiles { display: grid; gap: .8rem; margin: 1.5rem 0;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .9rem 1.1rem; }
.tile .label, .tile .detail { display: block; color: var(--muted); font-size: .87rem; }
.tile .value { display: block; font-size: 1.75rem; font-weight: 650; line-height: 1.3; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; }
th, td { padding: .42rem .9rem .42rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 9rem; }
thead th { color: var(--muted); font-weight: 500; }
table.facts td:last-child { text-align: left; white-space: normal; }
table.facts td:first-child { color: var(--muted); }
tr.strong td { font-weight: 650; background: var(--soft); }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--muted); font-size: .9rem; max-width: 46em; margin-top: .4rem; }
.side { display: grid; gap: 1.2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
.flow { display: flex; flex-wrap: wrap; gap: 1.2rem; margin: 1rem 0; }
.plot { max-width: 40rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: .8rem .8rem .6rem; }
.plot svg { display: block; width: 100%; height: auto; }
.plot svg text { font-family: inherit !important; }
img, video { display: block; max-width: 100%; height: auto; border-radius: 8px; }
video { width: 40rem; }
.strips { display: grid; grid-template-columns: max-content minmax(48rem, 1fr); gap: .35rem .9rem;
  align-items: center; }
.strips span { position: sticky; left: 0; background: var(--paper); padding: .2rem .5rem .2rem 0;
  font-size: .92rem; z-index: 1; }
.strips img { width: 100%; border-radius: 6px; }
.bars { display: grid; grid-template-columns: max-content minmax(6rem, 1fr) max-content;
  gap: .38rem .8rem; align-items: center; font-size: .92rem; max-width: 46rem;
  font-variant-numeric: tabular-nums; }
.bars .track { height: .95rem; background: var(--soft); border-radius: 4px; overflow: hidden; }
.bars .track i { display: block; height: 100%; background: var(--accent); }
.bars .gone { color: var(--muted); }
.bars .track.gone { background: none; border: 1px dashed var(--line); }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; margin: .8rem 0; font-size: .9rem; }
.chips span { border-radius: 6px; padding: .1rem .6rem; background: var(--soft);
  border: 1px solid transparent; }
.chips .gone { background: none; border: 1px dashed var(--line); color: var(--muted);
  text-decoration: line-through; }
@media (max-width: 600px) {
  main { padding-top: 1.4rem; } th, td { padding-right: .6rem; } table { font-size: .88rem; }
  thead th { white-space: normal; }
  .strips { grid-template-columns: minmax(40rem, 1fr); gap: .1rem; }
  .strips span { justify-self: start; } .strips img { margin-bottom: .5rem; }
}
"""


class Html(str):
    """Markup; any other string is escaped on its way into a page."""


def escape(value: Any) -> Html:
    """A value as HTML text; `Html` stays as it is."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def element(tag: str, *children: Any, css: str = "") -> Html:
    """`<tag class=css>children</tag>`, the children escaped."""
    attribute = f' class="{html.escape(css)}"' if css else ""
    return Html(f"<{tag}{attribute}>{''.join(map(escape, children))}</{tag}>")


def page(title: str, sections: Iterable[Html]) -> str:
    """A whole HTML file, with its style sheet inside.

    Args:
        title: for the window and the tab; the heading is the first section's affair.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(map(escape, sections))
        + f"\n<footer>Made by pocketstyle {escape(__version__)}. This page loads nothing from "
        "elsewhere; it can be sent as it is.</footer>\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: Any) -> Html:
    """A heading and what belongs under it."""
    return element("section", element("h2", heading), *parts)


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]], strong: int | None = None) -> Html:
    """A table of numbers, names in its first column.

    Args:
        strong: index of the row to set off.
    """
    head = element("thead", element("tr", *(element("th", cell) for cell in header)))
    body = (
        element("tr", *(element("td", cell) for cell in row), css="strong" if i == strong else "")
        for i, row in enumerate(rows)
    )
    return element("div", element("table", head, element("tbody", *body)), css="scroll")


def facts(pairs: Mapping[str, Any]) -> Html:
    """A table of names and what they are."""
    rows = (
        element("tr", element("td", name), element("td", value)) for name, value in pairs.items()
    )
    return element("div", element("table", *rows, css="facts"), css="scroll")


def tiles(items: Iterable[tuple[str, str, Any]]) -> Html:
    """Key numbers: label, value, detail."""
    return element(
        "div",
        *(
            element(
                "div",
                element("span", label, css="label"),
                element("span", value, css="value"),
                element("span", detail, css="detail"),
                css="tile",
            )
            for label, value, detail in items
        ),
        css="tiles",
    )


def figure(content: Html, caption: Any = "", css: str = "") -> Html:
    """Pictures or a plot with a caption."""
    below = element("figcaption", caption) if caption else ""
    return element("figure", content, below, css=css)


def side_by_side(*figures: Html) -> Html:
    """Figures in a row, one under the other where the window is narrow."""
    return element("div", *figures, css="side")


def data_uri(source: Path | np.ndarray) -> str:
    """A file, or a picture uint8[H, W, 3] as PNG, as a data URI."""
    if isinstance(source, Path):
        media_type, data = MEDIA_TYPES[source.suffix], source.read_bytes()
    else:
        stream = io.BytesIO()
        Image.fromarray(source).save(stream, "png", optimize=True)
        media_type, data = "image/png", stream.getvalue()
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture(source: Path | np.ndarray, description: str, width: int | None = None) -> Html:
    """An embedded picture; `width` in CSS pixels."""
    size = f' width="{width}"' if width else ""
    return Html(f'<img src="{data_uri(source)}" alt="{escape(description)}"{size}>')


def video(source: Path) -> Html:
    """An embedded clip that plays in a loop."""
    return Html(
        f'<video controls loop muted autoplay playsinline src="{data_uri(source)}"></video>'
    )


def strips(rows: Mapping[str, np.ndarray]) -> Html:
    """Rows of pictures, uint8[N, S, S, 3] each, with their names: same column, same picture."""
    cells = []
    for name, pictures in rows.items():
        cells.append(element("span", name))
        cells.append(picture(np.concatenate(list(pictures), axis=1), name))
    return element("div", element("div", *cells, css="strips"), css="scroll")


def loss_figure(metrics: Metrics) -> Html:
    """The loss and its terms against the step, on a logarithmic axis; empty without metrics.

    Thin lines are single batches, thick ones running means. The latency term has a figure of its
    own.
    """
    found = dict.fromkeys(name for line in metrics for name in line)
    terms = [name for name in found if name not in PROGRESS and "/" not in name]
    names = terms if len(terms) <= 1 else ["loss", *terms[: len(SERIES) - 1]]
    curves = {name: _curve(metrics, name, positive=True) for name in names or ["loss"]}
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    if not curves:
        return Html("")
    with matplotlib.rc_context(PLOT_STYLE):
        plot, axes = _plot("step", "loss")
        axes.set_yscale("log")
        for (name, (steps, values)), colour in zip(curves.items(), SERIES, strict=False):
            axes.plot(steps, values, color=colour, alpha=0.3, linewidth=0.8)
            axes.plot(steps, _smooth(values), color=colour, label=name)
        # a distilled student starts as its teacher: that one batch must not stretch the axis
        axes.set_ylim(bottom=0.7 * min(np.percentile(v, 3) for _, v in curves.values()))
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


def latency_figure(metrics: Metrics) -> Html:
    """Predicted milliseconds and their target against the search step; empty for a training."""
    steps, predicted = _curve(metrics, "predicted_ms")
    target_steps, target = _curve(metrics, "target_ms")
    if not (len(steps) and len(target)):
        return Html("")
    with matplotlib.rc_context(PLOT_STYLE):
        plot, axes = _plot("step", "milliseconds, predicted")
        axes.plot(target_steps, target, color=SERIES[1], linestyle="--", label="target")
        axes.plot(steps, predicted, color=SERIES[0], label="network")
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower left", fontsize=8)
        _mark_phases(axes, [line for line in metrics if "predicted_ms" in line])
        return figure(
            _svg(plot, "Predicted latency against the step"),
            "The target falls from the full network's latency to the wished one; from there the "
            "masks move ever more slowly, until they are fixed.",
            css="plot",
        )


def history_figure(metrics: Metrics) -> Html:
    """Share of open channels by group, and which blocks run, over the search; else empty."""
    lines = [line for line in metrics if any(name.startswith("width/") for name in line)]
    names = [name for name in (lines[0] if lines else ()) if name.startswith(("width/", "gate/"))]
    if len(lines) < 2:
        return Html("")
    shares = np.array([[line.get(n, 0) / max(lines[0][n], 1) for line in lines] for n in names])
    picks = np.linspace(0, len(lines) - 1, min(len(lines), 200)).round().astype(int)
    with matplotlib.rc_context(PLOT_STYLE):
        plot = Figure((PLOT_INCHES[0], 0.6 + 0.17 * len(names)), layout="constrained")
        axes = plot.add_subplot(xlabel="step")
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


def count(value: float) -> str:
    """1570000000 → "1.57 G"."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Seconds as a reader would say them: "4.2 s", "3 min 05 s", "1 h 02 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of a metrics.jsonl, up to one cut short by a kill; none if there is no file."""
    lines = []
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines


def write_run_report(run: Path) -> Path:
    """Write `run/report.html` for a directory of `train` or `search`, finished or not.

    Returns:
        The path of the page.

    Raises:
        FormatError: `run/model.safetensors` is no model of ours.
    """
    run = Path(run)
    text = (run / "config.toml").read_text()
    config, metrics = tomllib.loads(text), read_metrics(run / "metrics.jsonl")
    model = run / "model.safetensors"
    spec, card = read_header(model) if model.is_file() else (None, None)
    parent = card.provenance.get("searched_from") if card else None
    searching = parent is not None or any("predicted_ms" in line for line in metrics)

    parts = [_opening(run.resolve().name, searching, card, config, metrics)]
    plots = [latency_figure(metrics), loss_figure(metrics)]
    if any(plots):
        parts.append(section("Curves", side_by_side(*filter(None, plots))))
    parts += _network(spec, card, metrics)
    parts += _samples(run / "samples")
    settings = element("details", element("summary", "config.toml"), element("pre", text))
    parts.append(section("Settings", settings))
    path = run / "report.html"
    path.write_text(page(f"{run.resolve().name} – pocketstyle", parts), encoding="utf-8")
    return path


def _opening(
    name: str, searching: bool, card: ModelCard | None, config: dict[str, Any], metrics: Metrics
) -> Html:
    last = metrics[-1] if metrics else {}
    settings = config["search" if searching else "train"]
    steps = settings["steps"] + (settings["fine_tune_steps"] if searching else 0)
    done = int(last["step"]) + 1 if last else 0
    state = "finished" if card else "not finished" if metrics else "nothing logged yet"
    kind = "Search" if searching else "Training" if metrics else "Run"
    items = [("Step", f"{done:,}", f"the last one logged, of {steps:,}")]
    if "loss" in last:
        items.append(("Loss", f"{last['loss']:.4g}", "of the last logged batch"))
    if searching:
        wished = f"target {settings['target_ms']:g} ms on {settings['device']}"
        _, predicted = _curve(metrics, "predicted_ms")
        final = card.provenance.get("predicted_ms", {}).get(settings["device"]) if card else None
        if final is not None or len(predicted):
            label = "Predicted latency" if card else "Predicted latency so far"
            milliseconds = predicted[-1] if final is None else final
            items.append((label, f"{milliseconds:.2f} ms", wished))
    if card and "macs" in card.provenance:
        macs, full = card.provenance["macs"], card.provenance["searched_from"]["macs"]
        detail = f"{full / macs:.1f}× fewer than the {count(full)} at the start"
        items.append(("MACs", count(macs), detail))
    return element(
        "header", element("h1", f"{kind} “{name}”"), element("p", state, css="lead"), tiles(items)
    )


def _network(spec: Spec | None, card: ModelCard | None, metrics: Metrics) -> list[Html]:
    """What is left of the searched network, from the model or else from the last metrics."""
    if spec and card and "searched_from" in card.provenance:
        full = Spec.from_json(card.provenance["searched_from"]["spec"])
        widths = widths_figure(full.widths, spec.widths)
        left = element("div", widths, blocks_figure(full.blocks, spec.blocks))
        return [section("What is left", side_by_side(left, history_figure(metrics)))]
    lines = [line for line in metrics if any(name.startswith("width/") for name in line)]
    if not lines:
        return []
    first, last = (
        {name[6:]: int(n) for name, n in line.items() if name.startswith("width/")}
        for line in (lines[0], lines[-1])
    )
    heading = f"What is left at step {lines[-1]['step']}"
    return [section(heading, side_by_side(widths_figure(first, last), history_figure(metrics)))]


def _samples(folder: Path) -> list[Html]:
    sheets = sorted(folder.glob("*.png"))
    if not sheets:
        return []
    shown = dict.fromkeys((sheets[-1], sheets[0]))
    figures = (
        figure(picture(sheet, f"samples of step {sheet.stem}"), f"Step {int(sheet.stem)}")
        for sheet in shown
    )
    heading = "Samples: input above, output below"
    return [section(heading, element("div", *figures, css="flow"))]


def _plot(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    plot = Figure(PLOT_INCHES, layout="constrained")
    return plot, plot.add_subplot(xlabel=x_label, ylabel=y_label)


def _curve(metrics: Metrics, name: str, positive: bool = False) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([(m["step"], m[name]) for m in metrics if name in m], float).reshape(-1, 2)
    fine = np.isfinite(points).all(1) & ((points[:, 1] > 0) if positive else True)
    return points[fine, 0], points[fine, 1]


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


def _mark_phases(axes: Axes, metrics: Metrics) -> None:
    """Lines where the target had arrived and where fine-tuning began, as far as the run came."""
    steps, target = _curve(metrics, "target_ms")
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
