"""Predicted latency of a network before and after its search, by part, with intervals."""

from __future__ import annotations

from ...latency_model import Prediction, SpeedModel
from ...networks import Spec, build
from .page import Html, element, section, table


def latency_by_part(full: Spec, left: Spec, device: str) -> Html:
    """A section with a row for each part of the full network.

    Args:
        device: as `SpeedModel.load` takes it.
    """
    model = SpeedModel.load(device)
    lists = [
        [(name, list(kernels)) for name, kernels in build(spec).parts()] for spec in (full, left)
    ]
    before, after = (model.predict_parts(parts) for parts in lists)
    rows = [
        (
            part,
            _milliseconds(before[part]),
            _milliseconds(after[part]) if part in after else "closed",
        )
        for part in before
    ]
    whole = [model.predict([k for _, part in parts for k in part]) for parts in lists]
    rows.append(("all", *map(_milliseconds, whole)))
    note = (
        f"Milliseconds on {device} with 90 % intervals; {whole[1].prior_share:.0%} of what is left "
        "rests on operators that were never measured there and are priced by a prior."
    )
    shown = table(("part", "full", "left"), rows, len(rows) - 1)
    return section("Predicted latency by part", shown, element("p", note, css="note"))


def _milliseconds(one: Prediction) -> str:
    return f"{one.ms:.2f} ({one.low_ms:.2f} to {one.high_ms:.2f})"
