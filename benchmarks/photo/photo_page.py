"""Writes docs/photo.md from benchmarks/results/photo.json.

python benchmarks/photo/photo_page.py
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import fmean, median

sys.path.append(str(Path(__file__).parents[1]))
from pages import table

ROOT = Path(__file__).parents[2]
NETWORKS = {"photonet": "PhotoNet", "photonas": "PhotoNAS"}
PAPER = {"photonet": (0.7047, 0.6922), "photonas": (0.6728, 0.6932)}  # SSIM-Whole, SSIM-Edge
PAPER_TIMES = {256: (0.76, 0.13), 512: (0.86, 0.16), 768: (0.95, 0.22), 1024: (1.06, 0.32)}


def quality(result: dict) -> str:
    width, height = result["size"]
    rows, untouched = [], result["content_gram"]

    def line(title: str, how: str, one: dict) -> None:
        figures = (one["ssim_whole"], one["ssim_edge"], one["gram"], one["gram"] / untouched)
        rows.append((title, how, *(f"{value:.3f}" for value in figures)))

    for name, title in NETWORKS.items():
        for one in result[name]["by_alpha"]:
            line(title, f"{one['alpha']:g}", one)
        for one in result[name]["by_alpha"][1:]:
            line(title, f"{one['alpha']:g} of the picture", one["pictures"])
        line(title, "no transform", result[name]["reconstructed"])
        rows.append((f"*{title}, the paper*", "1", *(f"{v:.4f}" for v in PAPER[name]), "", ""))
    verdicts = []
    for name, title in NETWORKS.items():
        above = [
            f"{one['alpha']:g}" for one in result[name]["by_alpha"] if reached(one, PAPER[name])
        ]
        laid = [
            f"{one['alpha']:g}"
            for one in result[name]["by_alpha"][1:]
            if reached(one["pictures"], PAPER[name])
        ]
        told = [f"of features: {', '.join(above)}"] if above else []
        told += [f"of the picture: {', '.join(laid)}"] if laid else []
        verdicts.append(
            f"{title} is above both of the paper's figures at these alphas: {'; '.join(told)}."
            if told
            else f"{title} is nowhere above both of the paper's figures."
        )
    ratio = result["photonas"]["gram"] / result["photonet"]["gram"]
    least = min(min(result[name]["newton_schulz_psnr_db"]) for name in NETWORKS)
    plain = [psnr for name in NETWORKS for psnr in result[name]["plain_psnr_db"]]
    head = ("network", "alpha", "SSIM-Whole", "SSIM-Edge", "Gram", "of the content's")
    return f"""## How much stays, how much of the style comes

{result["n"]} of the StyleNAS authors' pairs at {width}x{height}, none of them trained on. SSIM of
the picture to the content, SSIM of both pictures' edges (TEED's; the paper has HED's), and the Gram
loss to the style relative to the style's own matrices, over relu1_1 to relu5_1 of the encoder that
the networks have; the last column is its share of the untouched content's ({untouched:.3f}).

Alpha blends features at every transform of the network, or, "of the picture", what it made at alpha
1 over the content, which is what `pocketstyle stylize --alpha` and the SDK do; those then keep the
content's own details, too.

{table(head, rows)}

{" ".join(verdicts)} At alpha 1, where the paper's own code stands, ours change pictures more than
the paper's figures allow, and PhotoNet's figures are bounded by its auto-encoder, as the rows
without a transform show. At alpha 1 PhotoNAS's Gram loss is {ratio:.2f} times PhotoNet's.

The sheet shows photos that may be shown, which the decoders have learnt to give back, among others:
content, style, PhotoNet at alpha 1 and .4, PhotoNAS at 1 and .4.

![Content, style, PhotoNet, PhotoNAS](photo.jpg)

Whitening by Newton-Schulz iteration, which phones run, against eigenvectors in float64 with the
same ridge and the same sampling, on {result["photonet"]["psnr_pairs"]} of the pairs at alpha 1:
PSNR of {math.floor(least)} dB at least. Against WCT as published, with the
covariance of every pixel and a cut at 1e-5 of the largest eigenvalue instead of the ridge:
{math.floor(min(plain))} to {math.floor(max(plain))} dB, {median(plain):.0f} in the middle (aimed
at: 40): what lies between cut and ridge, WCT as published enlarges most.
"""


def reached(one: dict, paper: tuple[float, float]) -> bool:
    return one["ssim_whole"] > paper[0] and one["ssim_edge"] > paper[1]


def times(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        width, height = row["size"]
        whole, nas = PAPER_TIMES[width]
        base = row["photonas_s"]
        cascade = row["cascade_s"] + row["smoothing_s"]
        lines.append(
            (
                f"{width}x{height}",
                f"{row['photonet_s']:.2f}",
                f"{base:.3f}",
                f"{row['photonet_s'] / base:.1f}",
                f"{whole / nas:.1f}",
                f"{row['wavelet_s'] / base:.1f}",
                f"{row['cascade_s'] / base:.1f}",
                f"{cascade / base:.0f}",
            )
        )
    first, last = rows[0], rows[-1]
    pixels = (last["size"][0] * last["size"][1]) / (first["size"][0] * first["size"][1])
    grown = last["photonas_s"] / first["photonas_s"]
    head = (
        "size",
        "PhotoNet s",
        "PhotoNAS s",
        "ratio",
        "paper's ratio",
        "wavelet",
        "cascade",
        "cascade with smoothing",
    )
    shares = {
        "PhotoNet": [row["photonet_s"] / row["photonas_s"] for row in rows],
        "the wavelet auto-encoder": [row["wavelet_s"] / row["photonas_s"] for row in rows],
        "the cascade with smoothing": [
            (row["cascade_s"] + row["smoothing_s"]) / row["photonas_s"] for row in rows
        ],
    }
    reach = {"PhotoNet": 5, "the wavelet auto-encoder": 5, "the cascade with smoothing": 20}
    told = "; ".join(
        f"{min(shares[name]):.1f} to {max(shares[name]):.1f} times {name}'s speed (aimed at: {aim})"
        for name, aim in reach.items()
    )
    return f"""## Time

Seconds of a pair, its style included, medians of {first["repeats"]} in turns after one that warms
up, torch, {first["threads"]} thread; then others as multiples of PhotoNAS. The wavelet auto-encoder
and the cascade of five passes are written from the descriptions of WCT2 and PhotoWCT on the same
small encoder (`benchmarks/photo/predecessors.py`); smoothing solves PhotoWCT's matting system by
conjugate gradients, of PhotoNAS's picture.

{table(head, lines)}

PhotoNAS has {told}. From the smallest to the largest size pixels grow {pixels:.0f} times, its time
{grown:.1f} times (aimed at: as the pixels at most). What all of them share is the encoder; with 512
channels, as in the paper, decompositions cost most, and PhotoNAS has few of them. The small encoder
has 128 at most.
"""


def large(rows: list[dict]) -> str:
    lines = [
        (f"{r['size'][0]}x{r['size'][1]}", f"{r['photonas_s']:.1f}", f"{r['peak_mb'] / 953.67:.2f}")
        for r in rows
    ]
    return f"""## Large pictures

PhotoNAS with torch, {rows[0]["threads"]} threads, style included, each size once, in a process of
its own:

{table(("size", "s", "GB at most"), lines)}
"""


def newton_schulz(rows: list[dict]) -> str:
    lines = [
        (
            str(r["channels"]),
            f"{1000 * r['eigen_s']:.1f}",
            f"{1000 * r['newton_schulz_s']:.1f}",
            f"{r['ratio']:.2f}",
            f"{r['psnr_db']:.0f}",
        )
        for r in rows
    ]
    head = ("channels", "eigenvectors ms", "Newton-Schulz ms", "ratio", "PSNR dB")
    return f"""## Two forms of WCT

Features of 64x64, one thread, eigenvectors in float64, the iteration in float32:

{table(head, lines)}
"""


def video(one: dict) -> str:
    return f"""## Video

{one["frames"]} frames of `{one["clip"]}`, the style's statistics computed once. Warping error, the
input's own {one["input"]:.5f}: PhotoNet {one["photonet"]:.5f}, PhotoNAS {one["photonas"]:.5f}
({one["photonas"] / one["input"]:.1f} times the input's).
"""


def regions(result: dict) -> str:
    lines = [
        (
            NETWORKS[r["name"]],
            str(r["regions"]),
            f"{r['ssim_whole']:.3f}",
            f"{r['ssim_edge']:.3f}",
            f"{r['gram']:.3f}",
        )
        for r in result["rows"]
    ]
    return f"""## Masks

Earlier methods want masks that say which region of the style each region of the content takes, or
colours spill. `RegionWise` runs any transform so. The same {result["n"]} pairs, alpha 1, whole and
with a transform of its own for dark, middle and bright parts (Otsu's thresholds):

{table(("network", "regions", "SSIM-Whole", "SSIM-Edge", "Gram"), lines)}

Content, style, PhotoNet without and with regions, PhotoNAS without and with:

![Without and with regions](photo_regions.jpg)
"""


def ablations(result: dict) -> str:
    lines = [
        (r["name"], f"{r['ssim_whole']:.3f}", f"{r['ssim_edge']:.3f}", f"{r['gram']:.3f}")
        for r in result["rows"]
    ]
    width, height = result["judged_at"]
    return f"""## Ablations

PhotoNet with one thing otherwise. Each begins with its weights and trains for {result["steps"]}
steps at {result["size"]} px; {result["n"]} pairs at {width}x{height}, alpha 1.

{table(("variant", "SSIM-Whole", "SSIM-Edge", "Gram"), lines)}

Content, style, then the variants in the table's order:

![The variants](photo_ablations.jpg)
"""


def stylenas(one: dict) -> str:
    spread = {
        name: f"{', '.join(f'{score:.4f}' for score in scores)} (mean {fmean(scores):.4f})"
        for name, scores in one["small"].items()
        if scores
    }
    small = "; ".join(f"{name} {scores}" for name, scores in spread.items())
    count = len(one["small"]["evolution"])
    steps = one["rank_steps"]
    return f"""## StyleNAS

{one["candidates"]} candidates of ageing evolution found an objective of {one["best"]:.4f}
(`{one["best_genotype"]}`, {one["best_ms"]:.1f} ms predicted on {one["device"]}, where PhotoNet
takes {one["oracle_ms"]:.1f}); {one["random_candidates"]} by chance {one["random_best"]:.4f}. The
histories are in `benchmarks/results/stylenas/`. At reduced size ({one["small_candidates"]}
candidates, {count} seeds each) the best: {small}.

Candidates begin with PhotoNet's weights and train for {steps["warm"]} steps. Trained from nothing
for {steps["fresh"]}, {one["rank_genotypes"]} genotypes drawn by chance have a rank correlation
(Spearman's) of {one["rank_correlation"]:.2f} to that in what training decides, and of
{one["rank_correlation_objective"]:.2f} in the whole objective.

Where the search differs from the paper's: pairs are judged at 256x128, the decoder begins with the
oracle's weights, errors are of pictures of -1..1 and of features relative to their energy, and
predicted milliseconds have a weight of their own.
"""


PARTS = {
    "large": large,
    "newton_schulz": newton_schulz,
    "video": video,
    "regions": regions,
    "ablations": ablations,
    "stylenas": stylenas,
}


def page() -> str:
    result = json.loads((ROOT / "benchmarks/results/photo.json").read_text())
    machine, _, _ = result["hardware"].rpartition(", ")  # threads are said where they matter
    parts = [INTRODUCTION.format(hardware=machine)]
    parts += [quality(result)] if "photonet" in result else []
    if "times" in result:
        parts.append(times(result["times"]))
    parts += [write(result[name]) for name, write in PARTS.items() if name in result]
    return "\n".join(parts)


INTRODUCTION = """# Photorealistic transfer

Written by `benchmarks/photo/photo_page.py` from `benchmarks/results/photo.json` ({hardware});
`benchmarks/photo/README.md` says how to make both again.

PhotoNet (An et al. 2020) is an auto-encoder on a VGG encoder: features of all levels meet at the
bottleneck, instance-normalised links skip to the decoder, and a style transform may act at ten
places. PhotoNAS is what a search left of it, 7 of 31 operators. The encoder here is a VGG-19 of a
sixteenth of the weights (Collaborative Distillation, MIT), as it is; any VGG-19 fits.

Where this differs from the paper. Whitening adds a thousandth of the covariance's trace to every
eigenvalue: float16 rounds off that much, and a phone's iteration would diverge without it.
Covariances of large maps are of every so many rows and columns, 128 of each at most: LiteRT's GPU
delegate computes larger products wrongly. Decoders learn from 256 px crops, for minutes of a CPU,
by Muon; the errors of features are relative to their energy.
"""


def main() -> None:
    (ROOT / "docs/photo.md").write_text(page())


if __name__ == "__main__":
    main()
