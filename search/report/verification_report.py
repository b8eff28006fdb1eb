"""What `pocketstyle verify` found out about a bundle, as a section and as a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...whole import written_whole
from .page import Html, count, element, facts, page, section, side_by_side, table

LEVELS = 127.5  # 0..255 per unit of -1..1
VERDICTS = {True: "yes", False: "no", None: "not checked"}


def write_verification_report(out: Path, name: str, found: dict[str, Any]) -> Path:
    """Write a page that holds the section.

    Args:
        out: the page; it appears whole or not at all.
        name: of the bundle.
        found: what `verify --json` prints.
    """
    heading = element("header", element("h1", name))
    with written_whole(out) as part:
        text = page(f"{name} – pocketstyle verify", (heading, verification_section(found)))
        part.write_text(text, encoding="utf-8")
    return out


def verification_section(found: dict[str, Any]) -> Html:
    """Parity, ranges, residency and speed beside the operators.

    Args:
        found: what `verify --json` prints.
    """
    note = found["gpu_note"].removeprefix("not checked").removeprefix(": ")
    verdict = VERDICTS[found["gpu_resident"]]
    pairs = {
        "File": f"{count(found['bytes'])}B, {found['precision']} weights",
        **_parity(found),
        "Largest value inside": _range(found["worst_range"]),
        "Operators": f"{found['ops']}, {found['transposes']} of them TRANSPOSE",
        "The ones that the network's cost counts": VERDICTS[found["operators_match"]],
        "Work per picture": f"{count(found['macs'])} MACs",
        "Runs on the GPU delegate as a whole": f"{verdict}: {note}" if note else verdict,
        "The older GPU delegate leaves to the CPU": _listed(found["delegate_refuses"]),
        "Time on this computer's CPU, not a phone": (
            f"{found['host_ms']:.1f} ms per picture, {found['host_threads']} thread, "
            f"median of {found['host_runs']} runs"
        ),
        **{f"At {other['frame']}": _other(other) for other in found.get("others", ())},
    }
    operators = sorted(found["operators"].items(), key=lambda item: -item[1])
    return section(
        "The TFLite bundle, checked",
        side_by_side(facts(pairs), table(("operator", "times"), operators)),
    )


def _other(found: dict[str, Any]) -> str:
    """A further frame, in one line."""
    apart = found["parity_max_abs"]
    parity = "not compared" if apart is None else f"differs from torch by {apart:.2g} at most"
    return (
        f"{parity}; {found['transposes']} TRANSPOSE; {count(found['macs'])} MACs; "
        f"{found['host_ms']:.1f} ms; largest value {found['worst_range']['share']:.2%} of float16's"
    )


def _parity(found: dict[str, Any]) -> dict[str, Any]:
    difference = found["parity_max_abs"]
    if difference is None:
        return {"Difference from torch": "not compared"}
    limit = f", limit {found['limit']:g}" if found["limit"] is not None else ""
    return {
        "Largest difference from torch": (
            f"{difference:.2g} on the scale -1 to 1, {difference * LEVELS:.2g} of 255 levels, "
            f"on {found['pictures']} pictures{limit}"
        ),
        "Mean difference": f"{found['parity_mean_abs']:.2g}",
        "Likeness": f"PSNR {found['parity_psnr_db']:.1f} dB, SSIM {found['parity_ssim']:.4f}",
    }


def _range(worst: dict[str, Any]) -> str:
    return (
        f"{worst['max_abs']:.3g} in {worst['tensor']}, {worst['share']:.2%} of what float16 holds"
    )


def _listed(counts: dict[str, int]) -> str:
    return "; ".join(f"{n} × {what}" for what, n in counts.items()) or "nothing"
