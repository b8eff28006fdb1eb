"""Writes docs/photo.md from benchmarks/results/photo.json.

python benchmarks/photo/photo_page.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from pages import table

ROOT = Path(__file__).parents[2]
NETWORKS = {"photonet": "PhotoNet", "photonas": "PhotoNAS"}
PAPER = {"photonet": (0.7047, 0.6922), "photonas": (0.6728, 0.6932)}  # SSIM-Whole, SSIM-Edge
PAPER_TIMES = {256: (0.76, 0.13), 512: (0.86, 0.16), 768: (0.95, 0.22), 1024: (1.06, 0.32)}


def quality(result: dict) -> str:
    width, height = result["size"]
    rows = []
    for name, title in NETWORKS.items():
        for one in result[name]["by_alpha"]:
            rows.append(
                (
                    title,
                    f"{one['alpha']:g}",
                    f"{one['ssim_whole']:.3f}",
                    f"{one['ssim_edge']:.3f}",
                    f"{one['gram']:.3f}",
                    f"{one['gram'] / result['content_gram']:.2f}",
                )
            )
        back = result[name]["reconstructed"]
        rows.append(
            (title, "no transform", f"{back['ssim_whole']:.3f}", f"{back['ssim_edge']:.3f}")
        )
        rows[-1] += (f"{back['gram']:.3f}", f"{back['gram'] / result['content_gram']:.2f}")
    told = "; ".join(
        f"{NETWORKS[name]} {whole:.4f} and {edge:.4f}" for name, (whole, edge) in PAPER.items()
    )
    least = {n: min(result[n]["newton_schulz_psnr_db"]) for n in NETWORKS}
    head = ("network", "alpha", "SSIM-Whole", "SSIM-Edge", "Gram", "of the content's")
    return f"""## How much stays, how much of the style comes

{result["n"]} of the StyleNAS authors' pairs at {width}x{height}, none of them trained on. SSIM of
the picture to the content, SSIM of both pictures' edges (TEED's; the paper has HED's), and the Gram
loss to the style relative to the style's own matrices, over relu1_1 to relu5_1 of the encoder that
the networks have. The last column is the Gram loss as a share of the untouched content's
({result["content_gram"]:.3f}).

{table(head, rows)}

The paper: {told}, at a strength that it does not state. At alpha 1 ours change the pictures far
more than these figures allow: autumn becomes winter, and a picture of other light has another
structure by SSIM's measure. Alpha is the dial; at every setting the table has both sides of the
bargain.

The sheet (other photos, which may be shown): content, style, then PhotoNet at alpha 1 and .4,
PhotoNAS at 1 and .4.

![Content, style, PhotoNet, PhotoNAS](photo.jpg)

Whitening by Newton-Schulz iteration, which phones run, against eigenvectors in float64, on the
pictures at alpha 1: PSNR of at least {least["photonet"]:.0f} dB (PhotoNet) and
{least["photonas"]:.0f} dB (PhotoNAS).
"""


def times(rows: list[dict], hardware: str) -> str:
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
    return f"""## Time

Seconds of a pair, its style included, medians of {first["repeats"]} in turns, torch,
{first["threads"]} thread ({hardware}); then others as multiples of PhotoNAS. The wavelet
auto-encoder and the cascade of five passes are written from the descriptions of WCT2 and PhotoWCT
on the same small encoder (`benchmarks/photo/predecessors.py`); smoothing solves PhotoWCT's matting
system by conjugate gradients.

{table(head, lines)}

From the smallest to the largest size pixels grow {pixels:.0f} times, PhotoNAS's time
{grown:.1f} times, more than linear; small maps presumably fit the processor's caches. PhotoNAS
gains less over PhotoNet, and over the wavelet auto-encoder, than in the paper. There
decompositions of 512 channels cost most; the small encoder has 128 at most, and what is left is
the encoder itself, which all of them share.
"""


def large(rows: list[dict]) -> str:
    lines = [
        (f"{r['size'][0]}x{r['size'][1]}", f"{r['photonas_s']:.1f}", f"{r['peak_mb'] / 1024:.2f}")
        for r in rows
    ]
    return f"""## Large pictures

PhotoNAS with torch, {rows[0]["threads"]} threads, style included, each size in a process of its
own:

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
        name: ", ".join(f"{score:.4f}" for score in scores) for name, scores in one["small"].items()
    }
    steps = one["rank_steps"]
    return f"""## StyleNAS

{one["candidates"]} candidates of ageing evolution found an objective of {one["best"]:.4f}
(`{one["best_genotype"]}`, {one["best_ms"]:.1f} ms predicted on a Galaxy S10 at 512 px; PhotoNet
takes {one["oracle_ms"]:.1f}), {one["random_candidates"]} by chance {one["random_best"]:.4f}. At
reduced size, three seeds each: evolution {spread["evolution"]}, chance {spread["random"]}.

Candidates begin with PhotoNet's weights and train for {steps["warm"]} steps. Trained from nothing
for {steps["fresh"]}, {one["rank_genotypes"]} genotypes drawn by chance rank alike: Spearman's
correlation {one["rank_correlation"]:.2f}.
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
    parts = [quality(result)] if "photonet" in result else []
    if "times" in result:
        parts.append(times(result["times"], result["hardware"]))
    parts += [write(result[name]) for name, write in PARTS.items() if name in result]
    return "\n".join((INTRODUCTION, *parts))


INTRODUCTION = """# Photorealistic transfer

Written by `benchmarks/photo/photo_page.py` from `benchmarks/results/photo.json`;
`benchmarks/photo/README.md` says how to make both again.

PhotoNet (An et al. 2020) is an auto-encoder on a VGG encoder: features of all levels meet at the
bottleneck, instance-normalised links skip to the decoder, and a style transform may act at ten
places. PhotoNAS is what a search left of it, 7 of 31 operators. The encoder here is a VGG-19 of a
sixteenth of the weights (Collaborative Distillation, MIT); any VGG-19 fits.

Two things differ from the paper, and why. Whitening adds a thousandth of the covariance's trace to
every eigenvalue: float16 rounds off that much, a phone's iteration would diverge without it, and
the pictures stay the same to the eye. Covariances of large maps are of every so many rows and
columns, 128 of each at most: LiteRT's GPU delegate computes larger products wrongly.
"""


def main() -> None:
    (ROOT / "docs/photo.md").write_text(page())


if __name__ == "__main__":
    main()
