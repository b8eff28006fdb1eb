"""The demo's report: what was done and what came out, on one page for a stranger."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..latency_model import SpeedModel, device_names
from ..networks import Spec
from ..search import report as parts
from ..search.metrics_file import read_metrics
from ..search.report import Html, count, duration, element, section
from ..whole import written_whole

CONTROL = Path(__file__).parent / "search_control.json"
"""The search against plain pruning, as benchmarks/search_control.py measured it."""

UNKNOWN = "–"


def write_report(
    out: Path,
    result: dict[str, Any],
    rows: dict[str, np.ndarray],
    teacher_spec: Spec,
    student_spec: Spec,
    *,
    short: bool,
) -> Path:
    """Write `out/report.html` from the demo's result and the files beside it.

    Args:
        out: the demo's directory: the clip, the astronaut, and `search/` with its metrics.
        result: what `--json` prints.
        rows: pictures to compare by row, uint8[N, S, S, 3] each.
        short: say that the numbers mean nothing.

    Returns:
        The path of the page.
    """
    sections = [
        _opening(result, short),
        _pictures(result, rows),
        _clip(out),
        _astronaut(out),
        _costs(result),
        parts.latency_by_part(teacher_spec, student_spec, result["device"]),
        _quality(result),
        _widths(out, teacher_spec, student_spec),
        _curves(out),
        _bundle(result),
        _control(result),
        _method(out, result),
        _seconds(result),
    ]
    path = out / "report.html"
    title = "A style network made fast enough for a phone – pocketstyle demo"
    with written_whole(path) as part:
        part.write_text(parts.page(title, filter(None, sections)), encoding="utf-8")
    return path


def _opening(result: dict[str, Any], short: bool) -> Html:
    teacher, student, device = result["teacher"], result["student"], result["device"]
    before, after = (network["predicted_ms"][device] for network in (teacher, student))
    lighter = f"{teacher['macs'] / student['macs']:.1f}×"
    phone, target = _phone(device), result["target_ms"]
    met = after <= target
    verdict = element(
        "span",
        f"{'meets' if met else 'misses'} the target of {target:g} ms",
        css="good" if met else "bad",
    )
    headline = (
        f"A cartoon network made {lighter} lighter: {after:.1f}\N{NO-BREAK SPACE}ms predicted on "
        f"the {phone}, down from {before:.1f}\N{NO-BREAK SPACE}ms"
    )
    lead = (
        "A network that turns faces into cartoons was given a latency target for one phone. The "
        "search closed channels and blocks until the speed model predicted that the target was "
        "met, what was closed was cut out, and the small network was trained on, converted to "
        "TFLite, checked, and played on a clip. All of it ran on this computer; the large network, "
        "the teacher, came trained."
    )
    tiles = (
        (
            "Work per picture",
            f"{lighter} less",
            f"{count(teacher['macs'])} → {count(student['macs'])} MACs",
        ),
        (f"Predicted on {phone}", f"{after:.2f} ms", Html(f"from {before:.2f} ms; {verdict}")),
        (
            "Likeness to the truth (SSIM)",
            f"{student['ssim_to_truth']:.3f}",
            f"teacher {teacher['ssim_to_truth']:.3f}, input {_ssim(result['identity'])}",
        ),
        (
            "Share of the teacher's gain kept",
            _share_kept(result, "ssim_to_truth"),
            f"of its SSIM over the input, on {result['unseen_heads']} unseen heads",
        ),
    )
    notice = (
        "Short run: a few steps only, to see that everything works. The numbers and pictures on "
        "this page mean nothing."
    )
    return element(
        "header",
        element("div", notice, css="notice") if short else "",
        element("h1", headline),
        element("p", lead, css="lead"),
        parts.tiles(tiles),
    )


def _pictures(result: dict[str, Any], rows: Mapping[str, np.ndarray]) -> Html:
    note = (
        f"Each column is one of the {result['unseen_heads']} heads that neither network has seen "
        "in training. The heads are rendered, and so are their cartoons; that is why the truth "
        "is known."
    )
    return section("What it draws", parts.strips(rows), element("p", note, css="note"))


def _clip(out: Path) -> Html | None:
    path = out / "clip-stylised.mp4"
    if not path.exists():
        return None
    caption = "Left, the clip; right, the student's TFLite bundle, frame by frame."
    return section("In motion", parts.figure(parts.video(path), caption))


def _astronaut(out: Path) -> Html | None:
    before, after = out / "astronaut.png", out / "astronaut-stylised.png"
    if not (before.exists() and after.exists()):
        return None
    note = (
        "Both networks were trained on procedural heads only. A real photo lies outside of what "
        "they have seen, so this shows where the demo's network ends, not what the method can "
        "do: for real faces, train a teacher on real faces."
    )
    shown = (
        parts.figure(parts.picture(before, "a photo of an astronaut", 320), "Photo"),
        parts.figure(parts.picture(after, "the photo, stylised", 320), "Student"),
    )
    pictures = element("div", *shown, css="flow")
    return section("A real photo, for honesty", pictures, element("p", note, css="note"))


def _costs(result: dict[str, Any]) -> Html:
    teacher, student = result["teacher"], result["student"]

    def row(name: Any, before: float, after: float, show: Any) -> list[Any]:
        return [name, show(before), show(after), f"{before / after:.2f}×"]

    table = [
        row("MACs", teacher["macs"], student["macs"], count),
        row("Parameters", teacher["params"], student["params"], count),
    ]
    wished = result["device"]
    target = len(table)
    for name in sorted(teacher["predicted_ms"], key=lambda name: (name != wished, name)):
        label = _phone(name) + (" (target)" if name == wished else "")
        predicted = (network["predicted_ms"][name] for network in (teacher, student))
        table.append(row(label, *predicted, _milliseconds))
    note = (
        "Milliseconds are predicted for one picture in fp16 on the phone's GPU, by speed models "
        "fitted to published measurements. No phone took part in this run." + _trust(result)
    )
    header = ("", "teacher", "student", "less by")
    return section(
        "What it costs", parts.table(header, table, target), element("p", note, css="note")
    )


def _trust(result: dict[str, Any]) -> str:
    """How far the speed model of the target device was off, where it says so."""
    device = result["device"]
    if device not in device_names():
        return ""
    card = SpeedModel.load(device).card
    held_out = card.get("errors", {}).get("held_out", {})
    if not {"network", "network_worst"} <= held_out.keys():
        return ""
    return (
        f" On networks held out of the fit, the one of {_phone(device)} was off by "
        f"{held_out['network']:g} % on average and {held_out['network_worst']:g} % at worst."
    )


def _quality(result: dict[str, Any]) -> Html:
    networks = {"untouched input": "identity", "teacher": "teacher", "student": "student"}
    table = [
        (name, _ssim(result[key]), f"{result[key]['l1_to_truth']:.4f}")
        for name, key in networks.items()
    ]
    shares = (_share_kept(result, name) for name in ("ssim_to_truth", "l1_to_truth"))
    table.append(("teacher's gain over the input that the student keeps", *shares))
    note = (
        f"Means over {result['unseen_heads']} unseen heads, against the renderer's own cartoon. "
        "SSIM: 1 is identical. L1: mean absolute difference on the scale -1 to 1, 0 is identical."
    )
    header = ("", "SSIM to the truth", "L1 to the truth")
    return section("How good it is", parts.table(header, table, 2), element("p", note, css="note"))


def _widths(out: Path, teacher: Spec, student: Spec) -> Html:
    history = parts.history_figure(read_metrics(out / "search" / "metrics.jsonl"))
    left = element(
        "div",
        parts.widths_figure(teacher.widths, student.widths),
        parts.blocks_figure(teacher.blocks, student.blocks),
    )
    note = "Channels that the search kept of the teacher's, by group of layers that share them."
    return section("What is left", element("p", note), parts.side_by_side(left, history))


def _curves(out: Path) -> Html | None:
    metrics = read_metrics(out / "search" / "metrics.jsonl")
    plots = [plot for plot in (parts.cost_figure(metrics), parts.loss_figure(metrics)) if plot]
    return section("The search, step by step", parts.side_by_side(*plots)) if plots else None


def _bundle(result: dict[str, Any]) -> Html:
    clip = f"The clip, read and written: {result['video_fps']:.1f} frames per second."
    return Html(
        parts.verification_section(result["bundle"]["verification"])
        + element("p", f"{clip} No phone took part.", css="note")
    )


def _control(result: dict[str, Any]) -> Html:
    """The search against uniform magnitude pruning, measured for the same phone and target."""
    control = json.loads(CONTROL.read_text())
    if any(control[key] != result[key] for key in ("device", "target_ms")):
        note = "The control was measured for another target (benchmarks/search_control.py)."
        return section("Against plain pruning", element("p", note, css="note"))
    names = {"search": "latency search", "magnitude": "uniform magnitude pruning"}
    table = [
        (
            name,
            count(control[key]["macs"]),
            _milliseconds(control[key]["predicted_ms"]),
            f"{control[key]['ssim_to_truth']:.3f}",
            f"{control[key]['l1_to_truth']:.4f}",
            duration(control[key]["seconds"]),
        )
        for key, name in names.items()
    ]
    header = ("", "MACs", "predicted", "SSIM to the truth", "L1 to the truth", "time")
    intro = (
        "Is the search worth it, or would any pruning do? The control keeps the same share of "
        "every group, the channels with the largest weights, as many as the latency of the "
        "search's student allows, and is trained on for a quarter more time, "
        "since computers are not equally fast in every hour."
    )
    note = Html(
        f"Measured beforehand, not in this run: {parts.escape(control['n'])} unseen heads, "
        f"{parts.escape(control['host'])}, <code>{parts.escape(control['command'])}</code>"
    )
    return section(
        "Against plain pruning",
        element("p", intro),
        parts.table(header, table, 0),
        element("p", note, css="note"),
    )


def _method(out: Path, result: dict[str, Any]) -> Html:
    path = out / "search" / "config.toml"
    settings = tomllib.loads(path.read_text())["search"] if path.exists() else {}

    def set_to(name: str, form: str) -> str:
        return form.format(settings[name]) if name in settings else ""

    target = f"{result['target_ms']:g} ms on {_phone(result['device'])}"
    steps = (
        "Start. The student is the teacher, with a mask on every group of channels and a gate on "
        "every residual block, all open; what matters least stands nearest to closing.",
        "Warm-up. Weights learn alone"
        + set_to("warm_up", ", for {:.0%} of the search's steps")
        + ".",
        "Search" + set_to("steps", ", {:,} steps in all") + ". Masks and gates learn too, pulled "
        "by the loss and by the latency term.",
        "Land" + set_to("anneal", "; the target has arrived at {:.0%} of the search") + ". The "
        f"last channels close or come back, until the network is just below {target}.",
        "Compact. What is closed is cut out; the small network's output equals the masked one's.",
        "Fine-tune" + set_to("fine_tune_steps", ", {:,} steps") + ", with the same loss.",
        "Convert to TFLite in fp32 and fp16, compare with torch, and play.",
    )
    latency = Html(
        "The latency term is <code>price · max(0, latency / target(t) − 1)</code>. The target "
        "falls in a straight line from the full network's latency to the wished one; the price "
        "rises while the network is above it and falls while it is below, so that channels close "
        "a few at a time, those first that save much and matter little."
    )
    loss = Html(
        "The demo distils: the student learns to draw what its teacher draws (L1 and structural "
        "similarity) and to have the same maps, on the channels that are left. The teacher was "
        "trained <em>paired</em>, on the renderer's own truth. The paper's adversarial objective, "
        "which needs no pairs and hours instead of minutes, is there with "
        '<code>search.loss="adversarial"</code>.'
    )
    return section(
        "How it was done",
        element("ol", *(element("li", step) for step in steps)),
        element("p", latency),
        element("p", loss),
    )


def _seconds(result: dict[str, Any]) -> Html:
    seconds = result["seconds"]
    table = [(name, duration(value)) for name, value in seconds.items()]
    table.append(("all", duration(sum(seconds.values()))))
    return section("How long it took", parts.table(("stage", "time"), table))


def _phone(device: str) -> str:
    """The phone's name in words; the device's own where there is no speed model of it."""
    return SpeedModel.load(device).card["phone"] if device in device_names() else device


def _share_kept(result: dict[str, Any], name: str) -> str:
    """(student - input) / (teacher - input) of a quality; unknown where the teacher gains none."""
    untouched, teacher, student = (
        result[network][name] for network in ("identity", "teacher", "student")
    )
    gain = teacher - untouched if name == "ssim_to_truth" else untouched - teacher
    kept = student - untouched if name == "ssim_to_truth" else untouched - student
    return f"{kept / gain:.0%}".replace("-", "−") if gain > 0 else UNKNOWN


def _ssim(quality: dict[str, float]) -> str:
    return f"{quality['ssim_to_truth']:.3f}"


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms"
