"""Photorealistic transfer, measured: likeness and style, times, baselines, video, ablations.

    python benchmarks/photo/photo.py --runs runs/photo --nas runs/nas --clip CLIP --part PART

`--runs` holds photonet/ and photonas/ as README.md trains them, vgg19-16x.safetensors,
teed.safetensors, pictures/ and pairs/ (content/ and style/). Each PART is a section of
benchmarks/results/photo.json, so that one can be measured again; times want an idle machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
import torch
from ablated import variants
from measures import load_pairs, measured
from PIL import Image
from pocketstyle.datasets import read_pairs, to_pictures, to_tensor
from pocketstyle.images import resize
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.metrics import load_teed, warping_error
from pocketstyle.networks import PhotoNetwork, load
from pocketstyle.networks.transfers import EigenWct, NewtonSchulzWct, RegionWise, blended
from pocketstyle.sdk import read_frames
from pocketstyle.sdk.bench import peak_mb
from pocketstyle.search import load_config
from pocketstyle.search.data import load_data, make_batches
from pocketstyle.search.precision import with_precision
from predecessors import Cascade, PlainWct, Wavelet, smoothed
from samples import sample_pairs
from skimage.color import rgb2gray
from skimage.filters import threshold_multiotsu

sys.path.append(str(Path(__file__).parents[1]))
from clocks import timed
from flicker import flows_of
from hardware import hardware

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks/results/photo.json"
HEIGHT, WIDTH, PAIRS = 384, 768, 32  # the paper's
ALPHAS = (1.0, 0.8, 0.6, 0.4, 0.2)
SIZES = ((128, 256), (256, 512), (384, 768), (512, 1024))
LARGE = ((1080, 1920), (1440, 2560))
REPEATS = 5
JUDGED = 8  # pairs on which the two forms of WCT are compared
REGIONS = 3  # dark, middle and bright parts of a picture
CHANNELS = (64, 128, 256, 512)


def networks(runs: Path) -> dict:
    found = {name: load(runs / name / "model.safetensors")[0] for name in ("photonet", "photonas")}
    return {name: network.eval() for name, network in found.items()}


@torch.no_grad()
def quality(runs: Path) -> dict:
    """Both networks on the pairs, for each alpha; the sheet of pictures."""
    both, teed = networks(runs), load_teed(runs / "teed.safetensors")
    encoder = both["photonet"].encoder
    pairs = load_pairs(runs / "pairs", HEIGHT, WIDTH, PAIRS, teed, encoder)
    untouched = measured([pair.content for pair in pairs], pairs, teed, encoder)
    result = {"n": PAIRS, "size": [WIDTH, HEIGHT], "content_gram": untouched["gram"]}
    shown = shown_pairs()
    columns = [list(column) for column in zip(*shown, strict=True)]
    for name, network in both.items():
        styles = [network.encode_style(pair.style) for pair in pairs]
        rows = []
        for alpha in ALPHAS:
            made = [
                network.stylize(pair.content, style, alpha)
                for pair, style in zip(pairs, styles, strict=True)
            ]
            if alpha == 1:
                whole = made
            laid = [
                blended(one, pair.content, alpha) for one, pair in zip(whole, pairs, strict=True)
            ]
            rows.append(
                {
                    "alpha": alpha,
                    **measured(made, pairs, teed, encoder),
                    "pictures": measured(laid, pairs, teed, encoder),
                }
            )
            if alpha in (1.0, 0.4):
                columns.append(
                    [network.stylize(x, network.encode_style(y), alpha) for x, y in shown]
                )
        back = [network.reconstruct(pair.content) for pair in pairs]
        kernels = list(network.kernels(HEIGHT, WIDTH))
        result[name] = {
            **rows[0],
            "by_alpha": rows,
            "reconstructed": measured(back, pairs, teed, encoder),
            "genotype": str(network.genotype),
            "macs": total_macs(kernels),
            "params": sum(p.numel() for p in network.parameters()),
            "predicted_ms": predict_all(kernels),
        }
        for kind, key in (
            (NewtonSchulzWct, "newton_schulz_psnr_db"),
            (PlainWct, "plain_psnr_db"),
        ):
            network.transfer, apart = kind(), []
            for pair, wanted in zip(pairs[:JUDGED], whole, strict=False):
                error = (network(pair.content, pair.style) - wanted).square().mean()
                apart.append(10 * float(torch.log10(4 / error)))
            result[name][key] = apart
        result[name]["psnr_pairs"] = JUDGED
    save_sheet(columns, ROOT / "docs/photo.jpg")
    return result


def shown_pairs() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Of photos that pages may show."""
    return [
        (to_tensor(content[None]), to_tensor(style[None]))
        for content, style in sample_pairs(HEIGHT, WIDTH)
    ]


def save_sheet(columns: list[list[torch.Tensor]], path: Path, width: int = 320) -> None:
    """Columns of pictures, a row for each pair."""
    rows = zip(*columns, strict=True)
    height = width * HEIGHT // WIDTH
    drawn = [
        np.concatenate([resize(to_pictures(one)[0], width, height) for one in row], 1)
        for row in rows
    ]
    Image.fromarray(np.concatenate(drawn)).save(path, quality=88, optimize=True)


def times(runs: Path) -> list[dict]:
    """Seconds of a pair, style included, one thread, in turns; medians."""
    torch.set_num_threads(1)
    both = networks(runs)
    encoder = both["photonet"].encoder
    cascade, wavelet = Cascade(encoder).eval(), Wavelet(encoder).eval()
    rows = []
    for height, width in SIZES:
        content, style = (
            picture(runs, "content", height, width),
            picture(runs, "style", height, width),
        )
        seconds: dict[str, list[float]] = {}
        for turn in range(REPEATS + 1):
            for name, network in (*both.items(), ("wavelet", wavelet), ("cascade", cascade)):
                took = timed(network, content, style)
                if turn:  # the first warms up
                    seconds.setdefault(name, []).append(took)
        row = {"size": [width, height]} | {f"{n}_s": median(all_) for n, all_ in seconds.items()}
        with torch.no_grad():
            made = both["photonas"](content, style)
        small = [to_pictures(one)[0] / 255.0 for one in (made, content)]
        row["smoothing_s"] = median(timed(smoothed, *small) for _ in range(REPEATS))
        row["repeats"], row["threads"] = REPEATS, 1
        rows.append(row)
        print(row, flush=True)
    return rows


def picture(runs: Path, kind: str, height: int, width: int) -> torch.Tensor:
    contents, styles, _ = read_pairs(runs / "pairs", height, width, 1)
    return to_tensor(contents if kind == "content" else styles)


def large(runs: Path) -> list[dict]:
    """Of PhotoNAS, each in a process of its own: seconds and peak memory."""
    rows = []
    for height, width in LARGE:
        command = [sys.executable, __file__, "--runs", str(runs), "--child", f"{height}x{width}"]
        rows.append(json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))
        print(rows[-1], flush=True)
    return rows


def child(runs: Path, size: str) -> None:
    height, width = (int(side) for side in size.split("x"))
    network = networks(runs)["photonas"]
    # sides are multiples of 16: 1080 rows become 1088
    content, style = (picture(runs, k, -(-height // 16) * 16, width) for k in ("content", "style"))
    seconds = timed(network, content, style)
    told = {"size": [width, height], "photonas_s": seconds, "peak_mb": peak_mb()}
    print(json.dumps(told | {"threads": torch.get_num_threads()}))


@torch.no_grad()
def newton_schulz() -> list[dict]:
    """Time of the iteration against eigenvectors, on correlated features of 64x64."""
    torch.set_num_threads(1)
    rows = []
    for c in CHANNELS:
        rng = torch.Generator().manual_seed(0)
        mixing = torch.randn(2, c, c, generator=rng) / c**0.5
        x, y = (
            (mixing[i] @ torch.randn(c, 64 * 64, generator=rng)).relu().reshape(1, c, 64, 64)
            for i in range(2)
        )
        eigen, schulz = EigenWct(), NewtonSchulzWct()
        statistics = eigen.statistics(y)
        seconds: dict[str, list[float]] = {"eigen": [], "newton_schulz": []}
        for _ in range(5):
            seconds["eigen"].append(timed(eigen, x, *statistics))
            seconds["newton_schulz"].append(timed(schulz, x, *statistics))
        made = eigen(x, *statistics), schulz(x, *statistics)
        error = float((made[0] - made[1]).square().mean())
        span = float(made[0].max() - made[0].min())
        took = {name: median(values) for name, values in seconds.items()}
        rows.append(
            {
                "channels": c,
                "eigen_s": took["eigen"],
                "newton_schulz_s": took["newton_schulz"],
                "ratio": took["newton_schulz"] / took["eigen"],
                "psnr_db": 10 * float(np.log10(span**2 / error)),
            }
        )
    return rows


@torch.no_grad()
def video(runs: Path, clip: Path, frames: int = 30, height: int = 256) -> dict:
    """The warping error of a clip, its style's statistics computed once, beside its input's."""
    pictures = list(islice(read_frames(clip), frames))
    width = round(pictures[0].shape[1] * height / pictures[0].shape[0] / 16) * 16
    shrunk = np.stack([resize(one, width, height) for one in pictures])
    flow, inputs = flows_of(shrunk), to_tensor(shrunk)
    style = picture(runs, "style", height, width)
    result = {"clip": clip.name, "frames": len(shrunk), "size": [width, height]}
    result["input"] = warping_error(inputs, inputs, flow)
    for name, network in networks(runs).items():
        statistics = network.encode_style(style)
        made = [network.stylize(one, statistics).clamp(-1, 1) for one in inputs.split(1)]
        result[name] = warping_error(torch.cat(made), inputs, flow)
    return result


@torch.no_grad()
def regions(runs: Path) -> dict:
    """Both networks with and without a transform of its own for each region; the sheet.

    Regions are the dark, middle and bright parts of content and style, by Otsu's thresholds.
    """
    both, teed = networks(runs), load_teed(runs / "teed.safetensors")
    pairs = load_pairs(runs / "pairs", HEIGHT, WIDTH, PAIRS, teed, both["photonet"].encoder)
    shown, rows = shown_pairs(), []
    columns = [list(column) for column in zip(*shown, strict=True)]

    def by_region(network: PhotoNetwork, content: torch.Tensor, style: torch.Tensor):
        network.transfer = RegionWise(EigenWct(), brightness(content), brightness(style))
        made = network(content, style)
        network.transfer = EigenWct()
        return made

    for name, network in both.items():
        for regional, play in ((False, PhotoNetwork.__call__), (True, by_region)):
            made = [play(network, pair.content, pair.style) for pair in pairs]
            scores = measured(made, pairs, teed, network.encoder)
            rows.append({"name": name, "regions": REGIONS if regional else 1, **scores})
            columns.append([play(network, content, style) for content, style in shown])
    save_sheet(columns, ROOT / "docs/photo_regions.jpg")
    return {"rows": rows, "n": PAIRS, "size": [WIDTH, HEIGHT]}


def brightness(picture: torch.Tensor) -> torch.Tensor:
    """int64[H, W] of 0 (dark) to REGIONS - 1."""
    grey = rgb2gray(to_pictures(picture)[0])
    return torch.from_numpy(np.digitize(grey, threshold_multiotsu(grey, REGIONS)))


def ablations(runs: Path, steps: int = 120, count: int = 16) -> dict:
    """Variants of PhotoNet, trained alike; their sheet."""
    folders = (
        f"data.source={runs / 'pictures'}",
        f"network.encoder={runs / 'vgg19-16x.safetensors'}",
    )
    config = load_config("photonet", [*folders, "data.size=128", "train.average=0.0"])
    config = with_precision(config, torch.device("cpu"))
    data = load_data(config, lambda stage, done, total: None)
    oracle, teed = networks(runs)["photonet"], load_teed(runs / "teed.safetensors")
    pairs = load_pairs(runs / "pairs", 192, 384, count, teed, oracle.encoder)
    shown, rows = shown_pairs(), []
    columns = [list(column) for column in zip(*shown, strict=True)]
    batches = make_batches(config, data, config.train.batch)
    for name, network in variants(oracle.requires_grad_(False), config, batches, steps).items():
        with torch.no_grad():
            made = [network(pair.content, pair.style) for pair in pairs]
            columns.append([network(content, style) for content, style in shown])
        rows.append({"name": name, **measured(made, pairs, teed, oracle.encoder)})
        print(rows[-1], flush=True)
    save_sheet(columns, ROOT / "docs/photo_ablations.jpg", 200)
    return {"rows": rows, "steps": steps, "size": 128, "n": count, "judged_at": [384, 192]}


def stylenas(nas: Path) -> dict:
    """What the searches found: `--nas` holds evolution/, random/ and small/METHOD-SEED/."""

    def read(path: Path) -> dict:
        return json.loads((path / "nas.json").read_text())

    evolved, drawn = read(nas / "evolution"), read(nas / "random")
    folders = {
        method: sorted((nas / "small").glob(f"{method}-*")) for method in ("evolution", "random")
    }
    small = {
        method: [read(path)["best"]["score"] for path in paths] for method, paths in folders.items()
    }
    return {
        "device": evolved["device"],
        "candidates": evolved["candidates"],
        "best": evolved["best"]["score"],
        "best_genotype": evolved["best"]["genotype"],
        "best_ms": evolved["best"]["ms"],
        "oracle_ms": evolved["oracle_ms"],
        "random_best": drawn["best"]["score"],
        "random_candidates": drawn["candidates"],
        "small": small,
        "small_candidates": read(folders["evolution"][0])["candidates"],
        **json.loads((nas / "ranks.json").read_text()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--nas", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--part", nargs="*", default=[])
    parser.add_argument("--child")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.runs, arguments.child)
        return
    runs = arguments.runs
    parts = {
        "quality": lambda: quality(runs),
        "times": lambda: times(runs),
        "large": lambda: large(runs),
        "newton_schulz": newton_schulz,
        "video": lambda: video(runs, arguments.clip),
        "regions": lambda: regions(runs),
        "ablations": lambda: ablations(runs),
        "stylenas": lambda: stylenas(arguments.nas),
    }
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    for part in arguments.part or parts:
        made = parts[part]()
        result |= made if part == "quality" else {part: made}
        result |= {"hardware": hardware()}
        OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
