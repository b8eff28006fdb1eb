"""Writes the numbers of benchmarks/results/speed_model.json into docs/speed_model.md.

python benchmarks/speed_model_page.py
"""

from __future__ import annotations

import json
from pathlib import Path

from pages import put_numbers, table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/speed_model.md"
CALIBRATED = 0.85  # of held-out measurements, at least, in their 90 % intervals
OTHERS = ("extra-trees", "mlp", "linear in MACs")
TITLES = {
    "end_to_end": "networks, families held out",
    "conv2d": "conv2d, unseen configurations",
    "large": "conv2d, from maps of at most 56 px to 100 px and more",
}


def numbers(result: dict) -> str:
    """The page's tables."""
    models = list(next(iter(result["phones"].values()))["conv2d"])
    rows = []
    for key, title in TITLES.items():
        for phone, one in result["phones"].items():
            values = (f"{one[key][model]:.1f}" for model in models)
            rows.append((title, phone, str(one["n"][key]), *values))
    cover = {
        phone: (one["covered"]["kernels_covered"], one["covered"]["networks_covered"])
        for phone, one in result["phones"].items()
    }
    covered = ", ".join(f"{phone} {a:.0%} and {b:.0%}" for phone, (a, b) in cover.items())
    if short := [phone for phone, both in cover.items() if min(both) < CALIBRATED]:
        covered += f" (too narrow: networks on {', '.join(short)})"
    blocks, students = result["host_blocks"], result["host_students"]
    kinds = []
    for name, one in {
        "all": blocks["all"],
        **{f"all, {name}": blocks[name] for name in OTHERS},
        **blocks["by_block"],
    }.items():
        kinds.append((name, f"{one['median']:.1f}", f"{one['90th']:.1f}", str(one["n"])))
    anchors = [
        f"- {name}{_work(one)}: predicted {one['ms']:.1f} ms "
        f"({one['low_ms']:.1f} to {one['high_ms']:.1f}), "
        + (
            f"measured {one['measured_ms']} ms"
            if "measured_ms" in one
            else f"published {one['published_ms']} ms"
        )
        for name, one in result["anchors"].items()
    ]
    return "\n".join(
        (
            table(("mean absolute % error", "phone", "N", *models), rows),
            "",
            f"90 % intervals cover of held-out kernels and networks: {covered}.",
            "",
            f"UGATIT's blocks on {blocks['device']}, widths unseen, absolute % error:",
            "",
            table(("block", "median", "90th percentile", "N"), kinds),
            "",
            f"Whole UGATIT students on {students['device']}, {students['n']} random width "
            f"patterns, converted and measured: mean absolute error {students['mape']:.1f} % "
            f"(worst {students['worst']:.1f} %), rank correlation "
            f"{students['rank_correlation']:.3f}; the 90 % intervals hold "
            f"{students['covered']:.0%}.",
            "",
            "Anchors:",
            "",
            *anchors,
        )
    )


def _work(anchor: dict) -> str:
    return f" (priced: {anchor['gmacs']} GMACs)" if "gmacs" in anchor else ""


def main() -> None:
    result = json.loads((ROOT / "benchmarks/results/speed_model.json").read_text())
    put_numbers(PAGE, "speed_model_page.py", numbers(result))


if __name__ == "__main__":
    main()
