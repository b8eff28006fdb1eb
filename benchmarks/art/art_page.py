"""Writes docs/art.md from benchmarks/results/art.json.

python benchmarks/art/art_page.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from pages import table

ROOT = Path(__file__).parents[2]
NAMES = {
    "styleswap": "StyleSwap",
    "adain": "AdaIN",
    "wct": "WCT",
    "linearwct": "LinearWCT",
    "optimalwct": "OptimalWCT",
    "avatarnet": "Avatar-Net",
    "artnet": "ArtNet (S²)",
}
PAPER = {  # SSIM of edges; seconds at 512²
    "styleswap": (0.4851, 1.5782),
    "adain": (0.3525, 0.0344),
    "wct": (0.2032, 4.1922),
    "linearwct": (0.4363, 0.0603),
    "optimalwct": (0.2511, 1.8077),
    "avatarnet": (0.3829, 0.3718),
    "artnet": (0.4452, 0.0147),
}


def methods(result: dict) -> str:
    lines = [
        (
            title,
            f"{result['methods'][name]['ssim_edge']:.3f}",
            f"{PAPER[name][0]:.3f}",
            f"{result['methods'][name]['gram']:.3f}",
            f"{result['methods'][name]['mean_std']:.3f}",
        )
        for name, title in NAMES.items()
        if name in result["methods"]
    ]
    head = ("transform", "SSIM of edges", "the paper's", "Gram", "mean and deviation")
    return f"""## Transforms side by side

{result["n"]} pairs at {result["size"]} px of the evaluation set (42 contents and 26 styles; nothing
of it is trained on). One trunk and one decoder for all, trained with AdaIN's features; LinearWCT
has weights of its own and trains its decoder with them. SSIM of both pictures' edges (TEED's). Gram
loss and squared differences of means and deviations to the style, relative to the style's own,
over relu1_1 to relu5_1 of the small VGG-19.

{table(head, lines)}

![Contents, styles, the transforms in the table's order, the shipped network](art.jpg)

The sheet shows photos of scikit-image and scikit-learn in styles painted by a program.
"""


def times(result: dict) -> str:
    rows = result["times"]
    lines = []
    for name, title in (*NAMES.items(), ("microast", "MicroAST")):
        if name not in rows[0]["ms"]:
            continue
        line = [title]
        for row in rows:
            ms = row["ms"][name]
            line.append(f"{ms:.0f} ({ms / row['ms']['artnet']:.1f})")
        lines.append(tuple(line))
    head = ("transform", *(f"{row['size']}² ms (ratio)" for row in rows))
    first, last, large = rows[0], rows[-1], result["large"]
    grown = last["ms"]["artnet"] / first["ms"]["artnet"]
    pixels = (last["size"] / first["size"]) ** 2
    return f"""## Time

A frame whose style's statistics are known, {first["threads"]} thread, medians of
{first["repeats"]} in turns ({last["repeats"]} at {last["size"]}²); in brackets as a multiple of
S². Those of others look at every patch of the style, as published; S² looks at 512 of them at
most. MicroAST's time includes its style.

{table(head, lines)}

From {first["size"]}² to {last["size"]}² pixels grow {pixels:.0f} times, S²'s time {grown:.0f}.
At {large["size"]}², style included: {large["s"]:.1f} s and {large["peak_mb"] / 1024:.1f} GB.
"""


def pruning(found: dict) -> str:
    lines = [
        (
            name,
            f"{row['silent']} of {row['channels']} ({row['silent_trunk']} of the trunk)",
            f"{row['params_before']} → {row['params_after']}",
            f"{row['max_abs_difference']:.0e}",
            f"{row['near_zero_params']} ({1 - row['near_zero_params'] / row['params_before']:.0%})",
            f"{row['near_zero_lost_db']:.2f}",
            f"{row['ms']:.1f} → {row['near_zero_ms']:.1f}",
        )
        for name, row in found.items()
    ]
    head = ("network", "zero channels", "parameters", "difference", "near-zero", "dB", "S10 ms")
    parts = [
        f"""## Pruning without training

`pocketstyle prune`: channels that are zero on all of {next(iter(found.values()))["pictures"]}
pictures go, and the pictures stay the same; then those whose variance matters least, with their
means in the next layers' biases and the layers fitted anew by least squares, until half a dB is
lost on {next(iter(found.values()))["held_out"]} other pictures. Of trunk and decoder together:

{table(head, lines)}
"""
    ]
    for name, row in found.items():
        near = [one for one in row["curve"] if one["criterion"] == "near-zero"]
        plain = [one for one in row["curve"] if one["criterion"] == "magnitude"]
        curve = [
            (
                f"{a['share']:.0%}",
                f"{a['params']}",
                f"{a['psnr_db']:.1f}",
                f"{a['refitted_psnr_db']:.1f}",
                f"{b['params']}",
                f"{b['psnr_db']:.1f}",
            )
            for a, b in zip(near, plain, strict=True)
        ]
        head = ("channels gone", "parameters", "dB", "fitted anew", "by magnitude", "dB")
        parts.append(
            f"""`{name}`, {row["psnr_db"]:.1f} dB whole; the control removes what has small weights,
means made up for alike:

{table(head, curve)}
"""
        )
    return "\n".join(parts)


def peers(found: dict) -> str:
    names = {"microast": "MicroAST, as published", "adain": "AdaIN, small VGG", "artnet": "S²"}
    lines = [
        (
            names[name],
            f"{row['params'] / 1e6:.2f} M",
            f"{row['ssim_edge']:.3f}",
            f"{row['gram']:.3f}",
            f"{row['mean_std']:.3f}",
        )
        for name, row in found.items()
    ]
    head = ("network", "parameters", "SSIM of edges", "Gram", "mean and deviation")
    return f"""## Beside peers

The same pairs; ours with the decoder that was trained for S².

{table(head, lines)}
"""


def video(one: dict) -> str:
    lines = [
        (title, f"{one[name]:.5f}", f"{one[name] / one['input']:.1f}")
        for name, title in NAMES.items()
        if name in one
    ]
    return f"""## Video

{one["frames"]} frames of `{one["clip"]}` at 384x256, the style held. Warping error, the input's own
{one["input"]:.5f}:

{table(("transform", "warping error", "of the input's"), lines)}
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
    parts = [INTRODUCTION.format(hardware=result["hardware"])]
    if "methods" in result:
        parts.append(methods(result))
    if "times" in result:
        parts.append(times(result))
    writers = {"pruning": pruning, "peers": peers, "video": video, "gatys": gatys}
    parts += [write(result[name]) for name, write in writers.items() if name in result]
    return "\n".join(parts)


INTRODUCTION = """# Any picture in the manner of any other

Written by `benchmarks/art/art_page.py` from `benchmarks/results/art.json` ({hardware});
`benchmarks/art/README.md` says how to make both again.

ArtNet (An et al. 2020) is a classifier's trunk, a style transform and the trunk inverted. The
sandwich swap S² is AdaIN, a swap of patches, AdaIN. Trunks here: GoogLeNet (BVLC's and the one with
batch norms), MobileNetV2, SqueezeNet 1.1, VGG-19 of any width; each equal to its origin by test.
"""


def main() -> None:
    (ROOT / "docs/art.md").write_text(page())


if __name__ == "__main__":
    main()
