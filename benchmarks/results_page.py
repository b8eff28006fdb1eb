"""Writes docs/results.md from the files of benchmarks/results.

python benchmarks/results_page.py
"""

from __future__ import annotations

import json
from pathlib import Path

from pages import table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"


def read(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text())


def kid(found: dict) -> str:
    """× 100, with its deviation."""
    return f"{found['kid_768_x100']:.3f} ± {found['kid_768_x100_deviation']:.3f}"


def training_step() -> str:
    """What a step costs beside the same layers written plainly, and memory."""
    one = read("training_step")
    memory = [
        (name, str(mb["size"]), f"{mb['weights']:.1f}", f"{mb['maps']:.0f}")
        for name, mb in one["memory_mb"].items()
    ]
    loader = one["loader_ms_per_pair_at_256"] / 1000 / one["pocketstyle_s"]
    compiled = ""
    if "compiled_to_eager_median" in one:
        compiled = (
            "\nUnder `torch.compile` a step takes "
            f"{one['compiled_to_eager_median']:.2f} of these seconds, so it is not used."
        )
    return f"""## A training step

    {one["command"]}

The unpaired step of UGATIT light, {one["base"]} base channels, {one["size"]} px, batch 1, against
the same layers and losses out of torch's own modules in the order of the paper's algorithm, from
equal weights ({one["outputs_apart"]:.0e} apart): {one["pocketstyle_s"]:.2f} s against
{one["plain_s"]:.2f} s, ratio {one["ratio_median"]:.2f}
(median of {one["pairs"]} pairs, {one["ratio_least"]:.2f} to {one["ratio_greatest"]:.2f};
{one["hardware"]}).{compiled}

Cropping, turning, mirroring and relighting a pair of pictures for 256 px takes
{one["loader_ms_per_pair_at_256"]:.0f} ms of one core, {loader:.1%} of that step although it has a
quarter of the pixels; `data.workers` does it beside the step.

Peak memory of one picture, MB in float32; "published" is UGATIT light of 64 base channels:

{table(("network", "px", "weights", "maps"), memory)}
"""


def ablation() -> str:
    """What each term of the distillation is worth."""
    one = read("ablation")
    rows = [
        (
            name,
            f"{r['ssim_to_truth']:.3f}",
            f"{r['l1_to_truth']:.4f}",
            f"{r['fid_768']:.3f}",
            kid(r),
            f"{r['step_s']:.2f}" if r["step_s"] else "",
        )
        for name, r in one["recipes"].items()
    ]
    weights = ", ".join(f"{name} {weight:g}" for name, weight in one["weights"].items())
    return f"""## What the terms of the distillation are worth

    {one["command"]}

The shipped heads teacher, pruned by magnitude to {one["target_ms"]:g} ms on the {one["device"]},
taught for {one["steps"]} steps of batch {one["batch"]} at {one["size"]} px by each recipe from the
same weights on the same batches. Judged on {one["n"]["source"]} unseen heads; FID and KID of 768
channels to {one["n"]["target"]} cartoons of others ({one["hardware"]}). Weights: {weights};
discriminators of {one["discriminator_base"]} base channels.

{table(("recipe", "SSIM", "L1", "FID-768", "KID × 100", "s / step"), rows)}
"""


def versus_baselines() -> str:
    """The search against what a user would do instead."""
    one = read("search_vs_baselines")
    networks = {"teacher": one["teacher"], "**the search**": one["student"]} | {
        BASELINES[name]: found for name, found in one["baselines"].items()
    }
    rows = [
        (
            name,
            f"{r['macs'] / 1e6:.0f}",
            f"{r['params'] / 1e6:.2f}",
            f"{r['predicted_ms'][one['device']]:.2f}",
            f"{r['fid_768']:.3f}",
            kid(r),
            f"{r['ssim_to_teacher']:.3f}",
            f"{r['l1_to_teacher']:.3f}",
            f"{r['steps']}" if r["steps"] else "",
            f"{r['seconds']:.0f}" if r["steps"] else "",
        )
        for name, r in networks.items()
    ]
    untouched = one["untouched"]
    rows.append(("untouched", "", "", "", f"{untouched['fid_768']:.3f}", kid(untouched), *[""] * 4))
    head = ("", "MMACs", "M parameters", f"ms, {one['device']}", "FID-768", "KID × 100")
    head += ("SSIM to the teacher's", "L1", "steps", "seconds")
    return f"""## The search against what a user would do instead

    {one["command"]}

From one teacher to {one["target_ms"]:g} ms on the {one["device"]} at {one["size"]} px, every way
with the same data and loss, and at least the steps and the seconds of the search; rates are the
search's. Judged on {one["n"]["source"]} portraits that a GAN has drawn of nobody, unseen by any
method (`benchmarks/avatars/README.md` has the commands), by FID and KID of 768
channels to {one["n"]["target"]} avatars, and by SSIM and L1 to the teacher's pictures of the same
portraits ({one["hardware"]}). FID's features hardly see a colour: SSIM and L1 do.

{table(head, rows)}

![What each network makes of people who were held out](search_vs_baselines.jpg)

These are photos of people whom no training has seen, the numbers above are of the GAN's portraits.
"""


def flicker() -> str:
    """What the term of steadiness does to a clip."""
    one = read("flicker")
    error, still = one["warping_error"], one["warping_error"]["input"]
    rows = [
        (
            WITH[name],
            f"{1e4 * error[name]:.2f}",
            f"{error[name] / still:.2f}",
            f"{one['held_out'][name]['ssim_to_truth']:.3f}" if name in one["held_out"] else "",
            f"{one['step_s'][name]:.2f}" if name in one["step_s"] else "",
        )
        for name in error
    ]
    head = ("", "warping error, 10⁻⁴", "of the input's own", "SSIM, held-out people", "s / step")
    return f"""## Steady pictures

    {one["command"]}

The teacher, pruned by magnitude to {one["target_ms"]:g} ms on the {one["device"]}, taught for
{one["steps"]} steps of batch {one["batch"]} with `search.temporal` = {one["weight"]:g} and without;
{one["frames"]} frames of `{one["clip"]}`, {one["size"]} px ({one["hardware"]}).

{table(head, rows)}
"""


WITH = {
    "input": "the input",
    "teacher": "teacher",
    "without": "student, without",
    "with": "student, with",
}
BASELINES = {
    "uniform": "the same share of every width",
    "magnitude": "a global ranking by group norm",
    "mac_penalty": "the search, by MACs",
    "random": "random widths",
}

SECTIONS = {
    "search_vs_baselines": versus_baselines,
    "training_step": training_step,
    "ablation": ablation,
    "flicker": flicker,
}


def page() -> str:
    """The whole page: a section for each file of results that is there."""
    parts = [make() for name, make in SECTIONS.items() if (RESULTS / f"{name}.json").exists()]
    return "# Results\n\nWritten by `python benchmarks/results_page.py`.\n\n" + "\n".join(parts)


if __name__ == "__main__":
    (ROOT / "docs/results.md").write_text(page())
