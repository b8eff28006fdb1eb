"""The report of a directory of `train` or `search` (C7), finished or not."""

from __future__ import annotations

import tomllib
from pathlib import Path
from time import monotonic
from typing import Any

from PIL import Image

from ...errors import FormatError, UsageError
from ...networks import ModelCard, Spec
from ...networks.checkpoint import read_header
from ...whole import written_whole
from ..metrics_file import Metrics, curve, read_metrics
from .figures import blocks_figure, cost_figure, history_figure, loss_figure, widths_figure
from .latency_table import latency_by_part
from .page import Html, count, element, figure, page, picture, section, side_by_side, tiles

EVERY = 60.0  # seconds between two reports of a run that goes on: one takes about a second


class LiveReport:
    """The report of a run that goes on, written anew every so often."""

    def __init__(self, run: Path):
        self.run, self._due = run, 0.0

    def write(self) -> None:
        """Write it, unless it is fresh; raises as `write_run_report`."""
        if monotonic() >= self._due:
            write_run_report(self.run)
            self._due = monotonic() + EVERY


def write_run_report(run: Path) -> Path:
    """Write `run/report.html` for a directory of `train` or `search`, finished or not.

    Returns:
        The path of the page.

    Raises:
        FormatError: `run/model.safetensors` is no model of ours.
    """
    run = Path(run)
    text = (run / "config.toml").read_text(encoding="utf-8")
    config, metrics = tomllib.loads(text), read_metrics(run / "metrics.jsonl")
    model = run / "model.safetensors"
    spec, card = read_header(model) if model.is_file() else (None, None)
    parent = card.provenance.get("searched_from") if card else None
    searching = parent is not None or any("predicted_ms" in line for line in metrics)

    parts = [_opening(run.resolve().name, searching, card, config, metrics)]
    plots = [cost_figure(metrics), loss_figure(metrics)]
    if any(plots):
        parts.append(section("Curves", side_by_side(*filter(None, plots))))
    parts += _network(spec, card, metrics)
    if parent is not None and spec is not None:
        full, device = Spec.from_json(parent["spec"]), config["search"]["device"]
        try:
            parts.append(latency_by_part(full, spec, device))
        except (UsageError, FormatError) as error:  # its file is gone, or of another version
            parts.append(section("Predicted latency by part", element("p", str(error))))
    parts += _samples(run / "samples")
    settings = element("details", element("summary", "config.toml"), element("pre", text))
    parts.append(section("Settings", settings))
    path = run / "report.html"
    with written_whole(path) as part:
        part.write_text(page(f"{run.resolve().name} – pocketstyle", parts), encoding="utf-8")
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
    items = [("Steps", f"{steps:,}", "all of them")]
    if not card:
        items = [("Step", f"{done:,}", f"the last one logged, of {steps:,}")]
    if "loss" in last:
        items.append(("Loss", f"{last['loss']:.4g}", "of the last logged batch"))
    if searching:
        wished = f"target {settings['target_ms']:g} ms on {settings['device']}"
        if "target_mmacs" in settings:
            wished = f"on {settings['device']}; target {settings['target_mmacs']:g} MMACs"
        _, predicted = curve(metrics, "predicted_ms")
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
        figure(
            picture(sheet, f"samples of step {sheet.stem}"),
            f"Step {int(sheet.stem)}; rows from above: {', '.join(_rows(sheet))}.",
        )
        for sheet in shown
    )
    return [section("Samples", element("div", *figures, css="flow"))]


def _rows(sheet: Path) -> list[str]:
    """The names of a sheet's rows, which are in the file; older ones had two."""
    with Image.open(sheet) as image:
        return image.info.get("rows", "input\noutput").split("\n")
