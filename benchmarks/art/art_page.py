"""Writes docs/art.md from benchmarks/results/art.json.

python benchmarks/art/art_page.py
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from pages import DEVICES, table
from smaller_page import pruning, searched

ROOT = Path(__file__).parents[2]
NAMES = {
    "styleswap": "StyleSwap",
    "adain": "AdaIN",
    "wct": "WCT",
    "linearwct": "LinearWCT",
    "optimalwct": "OptimalWCT",
    "avatarnet": "Avatar-Net",
    "sandwichswap": "S² as published",
    "artnet": "S²",
}
OTHERS = {"shipped": "artnet, pruned, as shipped", "microast": "MicroAST"}
RIVALS = ("adain", "wct", "optimalwct", "avatarnet")  # to be above in edges
NEARER = ("adain", "styleswap", "avatarnet")  # to be below in Gram loss
SLOWER = ("styleswap", "wct", "optimalwct", "avatarnet")
PAPER = {  # SSIM of edges
    "styleswap": 0.4851,
    "adain": 0.3525,
    "wct": 0.2032,
    "linearwct": 0.4363,
    "optimalwct": 0.2511,
    "avatarnet": 0.3829,
    "sandwichswap": 0.4452,
}


def methods(result: dict) -> str:
    lines = []
    for name, title in NAMES.items():
        one, other = result["methods"][name], result["methods_of_s2"][name]
        figures = (one["ssim_edge"], one["gram"], one["mean_std"])
        figures += (other["ssim_edge"], other["gram"], other["mean_std"])
        paper = PAPER.get(name)
        lines.append((title, f"{paper:.4f}" if paper else "", *(f"{x:.3f}" for x in figures)))
    head = ("transform", "the paper's edges", *("edges", "Gram", "moments") * 2)
    titles = {"content": "content", "style": "style"} | NAMES | OTHERS
    shown = ", ".join(titles[name] for name in result["sheet"])
    told = "\n".join(
        f"- With {whose} decoder. {compared(result[key], name)}"
        for whose, key in (("AdaIN's", "methods"), ("S²'s", "methods_of_s2"))
        for name in ("artnet", "sandwichswap")
    )
    return f"""## Transforms side by side

{result["n"]} pairs at {result["size"]} px of the evaluation set (42 contents and 26 styles; nothing
of it is trained on). Edges: SSIM of both pictures' edges (TEED's; the paper has HED's). Gram: loss
to the style, moments: squared differences of means and deviations, both relative to the style's
own, over relu1_1 to relu5_1 of the small VGG-19. Every transform changes the same features, those
of all the trunk's blocks at a stride of 8.

One trunk, and one decoder for all: first the one that AdaIN trained, for 4,000 steps, then the one
that S² trained, for 1,500 of AdaIN and 4,000 more; LinearWCT's weights and decoder are its own in
both (1,500 and 2,500 steps).

{table(head, lines)}

Differences over the contents, with two standard errors (each content with all styles counts once):

{told}

WCT, OptimalWCT and Avatar-Net have a ridge of a millionth of the eigenvalues' sum. "S²" is what
`artnet` plays; "S² as published" looks at every patch and keeps nothing.

![Contents, styles, and what each makes of them](art.jpg)

The sheet shows photos of scikit-image and scikit-learn in styles painted by a program. From the
left: {shown}; the transforms with AdaIN's decoder.
"""


def compared(found: dict, name: str) -> str:
    """Whether a form of S² keeps more edges than others, and takes as much of the style."""
    parts = []
    for what, column, more, others in (
        ("edges", 0, True, RIVALS),
        ("Gram loss", 1, False, NEARER),
    ):
        verdicts: dict[str, list[str]] = {"more": [], "less": [], "the same": []}
        for other in others:
            mine, theirs = (np.array(found[one]["by_content"])[:, column] for one in (name, other))
            apart = mine - theirs
            error = 2 * apart.std(ddof=1) / math.sqrt(len(apart))
            sure = abs(apart.mean()) > error
            verdict = ("more" if apart.mean() > 0 else "less") if sure else "the same"
            verdicts[verdict].append(f"{NAMES[other]} ({apart.mean():+.3f} ± {error:.3f})")
        order = ("more", "the same", "less") if more else ("less", "the same", "more")
        told = "; ".join(
            f"{one} {'as' if one == 'the same' else 'than'} {', '.join(verdicts[one])}"
            for one in order
            if verdicts[one]
        )
        parts.append(f"{what}: {told}")
    return f"{NAMES[name]}, {'. '.join(parts)}."


def settings(found: dict) -> str:
    rows = found["rows"]
    lines = [
        (r["name"], f"{r['ssim_edge']:.3f}", f"{r['gram']:.3f}", f"{r['mean_std']:.3f}")
        for r in rows
        if r["name"] not in NAMES
    ]
    return f"""## What S² is made of

{found["pairs"]} of the pairs, with S²'s decoder. As published, S² exchanges every patch for one of
the style's and keeps nothing of what was there; ours mixes both (a share of a half), looks at 256
of the style's patches and has patches of 3x3. The share was chosen by a look at pairs of this set,
which favours S² in the tables above.

{table(("S² with", "edges", "Gram", "moments"), lines)}

Every transform takes less of a style and keeps more of a picture at a smaller alpha, so that
figures at alpha 1 alone compare little. The lower right is better:

![Edges kept against Gram loss, at alphas of 1, 0.8, 0.6 and 0.4](art_alpha.png)
"""


def draw_settings(rows: list[dict], path: Path) -> None:
    """Edges against Gram loss, a line per transform."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, title in NAMES.items():
        points = [(r["ssim_edge"], r["gram"]) for r in rows if r["name"] == name]
        if points:
            style = {"linewidth": 2.5} if name == "artnet" else {"linewidth": 1}
            axes.plot(*zip(*points, strict=True), marker="o", label=title, **style)
    axes.set(xlabel="SSIM of edges (more of the picture)", ylabel="Gram loss (less of the style)")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def times(result: dict) -> str:
    rows = result["times"]
    lines = []
    for name, title in (NAMES | OTHERS).items():
        line = [title]
        for row in rows:
            ms = row["ms"][name]
            line.append(f"{ms:.0f} ({ms / row['ms']['artnet']:.2f})")
        lines.append(tuple(line))
    head = ("network", *(f"{row['size']}² ms (ratio)" for row in rows))
    styles = [
        (title, *(f"{row['style_ms'][name]:.0f}" for row in rows))
        for name, title in (NAMES | OTHERS).items()
    ]
    of_styles = table(("a style of", *(f"{row['size']}² ms" for row in rows)), styles)
    first, last, large = rows[0], rows[-1], result["large"]
    pixels = (last["size"] / first["size"]) ** 2
    slower = [
        f"{NAMES[name]} at {row['size']}²"
        for row in rows[1:]
        for name in SLOWER
        if row["ms"][name] <= row["ms"]["artnet"]
    ]
    grown = "; ".join(
        f"{title} {last['ms'][name] / first['ms'][name]:.0f}"
        for name, title in (("artnet", "S²'s time"), ("shipped", OTHERS["shipped"]))
    )
    aim = f"aimed at: faster than {', '.join(NAMES[name] for name in SLOWER)} from 256² on"
    return f"""## Time

A frame whose style's statistics are known, torch, {first["threads"]} thread, medians of
{first["repeats"]} in turns; in brackets as a multiple of S². Those of others look at every
patch of the style, as published; S² looks at 256 of them at most. Trunk and decoder are the same
for all but the shipped network, which is pruned, and MicroAST. The second table has what a style
takes, once.

{table(head, lines)}

{of_styles}

S² is not faster than {", ".join(slower) or "none of those it is to be"} ({aim}). From
{first["size"]}² to {last["size"]}² pixels grow {pixels:.0f} times; {grown} times. At
{large["size"]}², style included, in a process of its own: {large["s"]:.1f} s and
{large["peak_mb"] / 953.67:.1f} GB.
"""


def peers(result: dict) -> str:
    names = {"microast": "MicroAST, as published", "adain": "AdaIN, small VGG", "artnet": "S²"}
    names["shipped"] = OTHERS["shipped"]
    times = {row["size"]: row["ms"] for row in result["times"]}
    lines = [
        (
            names[name],
            f"{row['params'] / 1e6:.2f} M",
            f"{row['ssim_edge']:.3f}",
            f"{row['gram']:.3f}",
            f"{row['mean_std']:.3f}",
            f"{times[256][name]:.0f}",
            f"{times[512][name]:.0f}",
        )
        for name, row in result["peers"].items()
    ]
    head = ("network", "parameters", "edges", "Gram", "moments", "256² ms", "512² ms")
    return f"""## Beside peers

The same {result["n"]} pairs; every network with its own decoder. Times from above.

{table(head, lines)}
"""


def bundles(rows: list[dict]) -> str:
    lines = [
        (
            f"`{r['name']}`",
            f"{r['size']}²",
            f"{r['mb']:.2f}",
            f"{r['params']}",
            f"{r['gmacs']:.2f}",
            *(f"{r['ms'][device]:.1f}" for device in DEVICES),
        )
        for r in rows
    ]
    head = ("bundle", "size", "MB", "parameters", "G multiply-accumulates", *DEVICES.values())
    return f"""## What is shipped

Milliseconds of a frame as the speed model predicts them (`docs/speed_model.md` says how far it can
be trusted; aimed at: 33 on the S10 at 256²):

{table(head, lines)}
"""


def video(one: dict) -> str:
    lines = [
        (title, f"{one[name]:.5f}", f"{one[name] / one['input']:.1f}")
        for name, title in (NAMES | OTHERS).items()
        if name in one
    ]
    return f"""## Video

{one["frames"]} frames of `{one["clip"]}` at 384x256, the style held. Warping error, the input's own
{one["input"]:.5f}:

{table(("transform", "warping error", "times the input's"), lines)}
"""


def gatys(rows: list[dict]) -> str:
    lines = [(row["trunk"], f"{row['params'] / 1e6:.2f} M", f"{row['s']:.0f}") for row in rows]
    return f"""## Which trunk: the paper's pre-analysis

A picture optimised for the features of each trunk (Gatys et al. 2016), which needs no decoder;
seconds for five pictures at 256 px:

{table(("trunk", "parameters", "s"), lines)}

![Contents, styles, then the trunks in the table's order](art_gatys.jpg)
"""


def page() -> str:
    result = json.loads((ROOT / "benchmarks/results/art.json").read_text())
    machine, _, _ = result["hardware"].rpartition(", ")  # threads are said where they matter
    return "\n".join(
        (
            INTRODUCTION.format(hardware=machine),
            bundles(result["bundles"]),
            methods(result),
            settings(result["settings"]),
            times(result),
            pruning(result["pruning"]),
            searched(result["searched"], next(iter(result["pruning"].values()))),
            peers(result),
            video(result["video"]),
            gatys(result["gatys"]),
        )
    )


INTRODUCTION = """# Any picture in the manner of any other

Written by `benchmarks/art/art_page.py` from `benchmarks/results/art.json` ({hardware});
`benchmarks/art/README.md` says how to make both again.

ArtNet (An et al. 2020) is a classifier's trunk, a style transform and the trunk inverted. The
sandwich swap S² is AdaIN, a swap of patches, AdaIN. Trunks here: GoogLeNet (BVLC's and the one with
batch norms), MobileNetV2, SqueezeNet 1.1, VGG-19 of any width; each equal to its origin by test.
"""


def main() -> None:
    found = json.loads((ROOT / "benchmarks/results/art.json").read_text())
    draw_settings(found["settings"]["rows"], ROOT / "docs/art_alpha.png")
    (ROOT / "docs/art.md").write_text(page())


if __name__ == "__main__":
    main()
