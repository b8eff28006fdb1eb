"""ArtNet, measured: transforms side by side, times, pruning, peers, video, the pre-analysis.

    python benchmarks/art/art.py --shared DIR --runs runs/art --part PART

`--shared` has data/art, data/video and weights/microast; `--runs` the networks and weights that
README.md makes. Each PART is a section of benchmarks/results/art.json, so that one can be measured
again; times want an idle machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import fmean, median

import numpy as np
import torch
from gatys import drawn_by_optimisation
from peers import MicroAst
from PIL import Image
from pocketstyle.datasets import read_folder, to_pictures, to_tensor
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.latency_model import predict_all
from pocketstyle.metrics import edges, gram_loss, load_teed, ssim, warping_error
from pocketstyle.networks import ArtNetwork, build, load, photo_spec, read_tensors
from pocketstyle.networks.art import load_trunk, spec_of
from pocketstyle.networks.photo import PHOTONET, VggEncoder, load_encoder, stages_of
from pocketstyle.networks.transfers import (
    AdaIn,
    AvatarDecorator,
    EigenWct,
    OptimalWct,
    SandwichSwap,
    StyleSwap,
)
from pocketstyle.sdk import read_frames
from pocketstyle.search.zero_channel import (
    channel_statistics,
    error_shares,
    lowest,
    magnitudes,
    prune,
    psnr,
    refit,
    silent_channels,
    without,
)
from torch import Tensor

sys.path.append(str(Path(__file__).parents[1]))
from clocks import timed
from flicker import flows_of
from hardware import hardware

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks/results/art.json"
SIZE, CONTENTS = 256, 10  # of 42, with all of the 26 styles
SIZES, REPEATS = (128, 256, 512, 1024), 3
TRANSFERS = {  # those of others as published: every patch of both, covariances in float64
    "styleswap": StyleSwap,
    "adain": AdaIn,
    "wct": EigenWct,
    "optimalwct": OptimalWct,
    "avatarnet": AvatarDecorator,
    "artnet": SandwichSwap,
}
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of channels that go
LEARNED, HELD_OUT, PRUNED_SIDE = 98, 14, 128  # pictures and their side in pruning
MOST_LOST = 0.5  # dB


def networks(runs: Path) -> dict[str, ArtNetwork]:
    """By method: one decoder for all, and the learned transform's own."""
    plain, _ = load(runs / "vgg-adain/model.safetensors")
    found = {}
    for name, kind in TRANSFERS.items():
        found[name] = build(plain.spec).eval()
        found[name].load_state_dict(plain.state_dict())
        found[name].transfer = kind()
    if (learned := runs / "vgg-linear/model.safetensors").exists():
        found["linearwct"] = load(learned)[0]
    return found


def judge_encoder(runs: Path) -> VggEncoder:
    """relu1_1 to relu5_1 of the small VGG-19, whatever network is judged."""
    tensors = read_tensors(runs / "vgg.safetensors")
    encoder = build(photo_spec(PHOTONET, SIZE, stages_of(tensors))).encoder.eval()
    load_encoder(encoder, tensors)
    return encoder


def art_pairs(shared: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Contents spread over all of them, and every style; squeezed to squares."""

    def pictures(kind: str) -> list[Tensor]:
        paths = list_pictures(shared / "data/art" / kind)
        return [to_tensor(resize(read_rgb(path), SIZE, SIZE)[None]) for path in paths]

    contents = pictures("content")
    some = [contents[i * len(contents) // CONTENTS] for i in range(CONTENTS)]
    return some, pictures("style")


class Scores:
    """Means over pairs of what stays of the content and how near the style is."""

    def __init__(self, shared: Path, runs: Path):
        self.teed, self.encoder = load_teed(runs / "teed.safetensors"), judge_encoder(runs)
        self.contents, self.styles = art_pairs(shared)
        with torch.no_grad():
            self.edges = [edges(one, self.teed) for one in self.contents]
            self.features = [self.encoder(one) for one in self.styles]

    @torch.no_grad()
    def of(self, play) -> dict[str, float]:
        """Args: play: content and style, both [1, 3, S, S], to a picture."""
        rows = []
        for content, wanted in zip(self.contents, self.edges, strict=True):
            for style, features in zip(self.styles, self.features, strict=True):
                made = play(content, style).clamp(-1, 1)
                found = self.encoder(made)
                rows.append(
                    (
                        float(ssim(2 * edges(made, self.teed) - 1, 2 * wanted - 1)),
                        float(gram_loss(found, features)),
                        moments_apart(found, features),
                    )
                )
        names = ("ssim_edge", "gram", "mean_std")
        return dict(zip(names, (fmean(values) for values in zip(*rows, strict=True)), strict=True))


def moments_apart(made: list[Tensor], style: list[Tensor]) -> float:
    """Mean over the maps of the squared difference of means and deviations, relative."""
    errors = []
    for a, b in zip(made, style, strict=True):
        for one, other in ((a.mean((2, 3)), b.mean((2, 3))), (a.std((2, 3)), b.std((2, 3)))):
            errors.append(float((one - other).square().sum() / other.square().sum()))
    return fmean(errors)


def methods(arguments: argparse.Namespace) -> dict:
    scores, found = Scores(arguments.shared, arguments.runs), {}
    for name, network in networks(arguments.runs).items():
        found[name] = scores.of(network)
        print(name, found[name], flush=True)
    count = len(scores.contents) * len(scores.styles)
    return {"methods": found, "n": count, "size": SIZE}


def times(arguments: argparse.Namespace) -> dict:
    """Milliseconds of a frame whose style is known, and of the style; one thread, in turns."""
    torch.set_num_threads(1)
    shared, rows = arguments.shared, []
    players = networks(arguments.runs)
    paths = [list_pictures(shared / "data/art" / kind)[0] for kind in ("content", "style")]
    micro = MicroAst(shared / "weights/microast")
    for side in SIZES:
        content, style = (to_tensor(resize(read_rgb(path), side, side)[None]) for path in paths)
        frames: dict[str, list[float]] = {}
        styles: dict[str, list[float]] = {}
        heavy = side >= 1024  # every patch with every patch: minutes
        for _ in range(1 if heavy else REPEATS):
            for name, network in players.items():
                with torch.no_grad():
                    statistics = network.encode_style(style)
                styles.setdefault(name, []).append(timed(network.encode_style, style))
                frames.setdefault(name, []).append(timed(network.stylize, content, statistics))
            frames.setdefault("microast", []).append(timed(micro, content, style))
        row = {"size": side, "repeats": 1 if heavy else REPEATS, "threads": 1}
        row["ms"] = {name: 1000 * median(values) for name, values in frames.items()}
        row["style_ms"] = {name: 1000 * median(values) for name, values in styles.items()}
        rows.append(row)
        print(row, flush=True)
    command = [sys.executable, __file__, "--runs", str(arguments.runs), "--shared", str(shared)]
    told = subprocess.check_output([*command, "--child"], text=True).splitlines()[-1]
    return {"times": rows, "large": json.loads(told)}


def child(arguments: argparse.Namespace) -> None:
    """Memory of ours at 1024² in a process of its own."""
    network = networks(arguments.runs)["artnet"]
    content, style = torch.rand(2, 1, 3, 1024, 1024).mul(2).sub(1)
    seconds = timed(network, content, style)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"size": 1024, "s": seconds, "peak_mb": peak}))


def params(network) -> int:
    return sum(p.numel() for p in network.parameters())


def pruning(arguments: argparse.Namespace) -> dict:
    """Of every trained trunk: exact zeros, and curves of near-zero channels and of magnitudes."""
    pictures = read_folder(arguments.pictures, PRUNED_SIDE).pictures
    order = np.random.default_rng(0).permutation(len(pictures))
    learned, held_out = pictures[order[:LEARNED]], pictures[order[LEARNED:][:HELD_OUT]]
    found = {}
    for path in sorted(arguments.runs.glob("*/model.safetensors")):
        if path.parent.name not in arguments.trunks:
            continue
        network, _ = load(path)
        found[path.parent.name] = row = pruned(network, learned, held_out)
        print(path.parent.name, row, flush=True)
    return {"pruning": found}


def pruned(network: ArtNetwork, learned: np.ndarray, held_out: np.ndarray) -> dict:
    seen = channel_statistics(network, learned)
    silent = silent_channels(network, seen)
    exact, whole = without(network, silent), psnr(network, held_out)
    with torch.no_grad():
        apart = [
            (exact.reconstruct(x) - network.reconstruct(x)).abs().max()
            for x in to_tensor(held_out).split(1)
        ]
    curve = []
    for share in SHARES:
        for criterion in ("near-zero", "magnitude"):
            scores = (
                error_shares(network, seen) if criterion == "near-zero" else magnitudes(network)
            )
            gone = lowest(scores, share)
            small = without(network, gone, seen)
            row = {"criterion": criterion, "share": share, "params": params(small)}
            row |= {"ms": predict_all(small.kernels())["s10"], "psnr_db": psnr(small, held_out)}
            if criterion == "near-zero":
                kept = {name: (~out).nonzero().flatten() for name, out in gone.items()}
                refit(small, network, kept, learned)
                row["refitted_psnr_db"] = psnr(small, held_out)
            curve.append(row)
    shown = np.concatenate([held_out, learned])  # the first eighth is held out
    near = prune(network, shown, MOST_LOST, lambda *_: None)
    return {
        "criterion": "silent on every picture",
        "channels": sum(map(len, silent.values())),
        "silent": sum(int(channels.sum()) for channels in silent.values()),
        "silent_trunk": sum(
            int(out.sum()) for name, out in silent.items() if not name.startswith("decode")
        ),
        "params_before": params(network),
        "params_after": params(exact),
        "trunk_before": params(network.encoder),
        "trunk_after": params(exact.encoder),
        "max_abs_difference": float(max(apart)),
        "psnr_db": whole,
        "ms": predict_all(network.kernels())["s10"],
        "curve": curve,
        "near_zero_params": near.params_after,
        "near_zero_trunk": params(near.network.encoder),
        "near_zero_lost_db": near.psnr_before - near.psnr_after,
        "near_zero_ms": predict_all(near.network.kernels())["s10"],
        "pictures": len(learned),
        "held_out": len(held_out),
    }


def peers(arguments: argparse.Namespace) -> dict:
    """MicroAST as published beside ours; scores and a picture's time."""
    scores, micro = (
        Scores(arguments.shared, arguments.runs),
        MicroAst(arguments.shared / "weights/microast"),
    )
    ours, _ = load(arguments.runs / "vgg-swap/model.safetensors")
    plain, _ = load(arguments.runs / "vgg-adain/model.safetensors")
    found = {}
    for name, network in (("microast", micro), ("adain", plain), ("artnet", ours)):
        found[name] = scores.of(network)
        found[name]["params"] = micro.size if network is micro else params(network)
        print(name, found[name], flush=True)
    return {"peers": found}


@torch.no_grad()
def video(arguments: argparse.Namespace, frames: int = 30) -> dict:
    """The warping error of a clip, its style held, beside its input's."""
    clip = arguments.shared / "data/video/walk.mkv"
    shrunk = np.stack([resize(one, 384, 256) for one in islice(read_frames(clip), frames)])
    flow, inputs = flows_of(shrunk), to_tensor(shrunk)
    _, styles = art_pairs(arguments.shared)
    result = {
        "clip": clip.name,
        "frames": len(shrunk),
        "input": warping_error(inputs, inputs, flow),
    }
    for name, network in networks(arguments.runs).items():
        statistics = network.encode_style(styles[0])
        made = [network.stylize(one, statistics).clamp(-1, 1) for one in inputs.split(1)]
        result[name] = warping_error(torch.cat(made), inputs, flow)
    return {"video": result}


def gatys(arguments: argparse.Namespace) -> dict:
    """The paper's pre-analysis: optimisation with four trunks, on photos that may be shown."""
    from squares import sample_squares

    columns, rows = [], []
    for path in sorted(arguments.runs.glob("*.safetensors")):
        if path.stem == "teed":
            continue
        tensors = read_tensors(path)
        trunk = load_trunk_alone(tensors)
        began, drawn = time.perf_counter(), []
        for content, style in sample_squares(SIZE):
            drawn.append(drawn_by_optimisation(trunk, content, style))
        columns.append(drawn)
        rows.append({"trunk": path.stem, "params": params(trunk), "s": time.perf_counter() - began})
        print(rows[-1], flush=True)
    shown = [list(pair) for pair in zip(*sample_squares(SIZE), strict=True)]
    save_sheet([*shown, *columns], ROOT / "docs/art_gatys.jpg")
    return {"gatys": rows}


def load_trunk_alone(tensors: dict[str, Tensor]):
    trunk = build(spec_of(tensors, 4, SIZE)).encoder.eval().requires_grad_(False)
    load_trunk(trunk, tensors)
    return trunk


def sheet(arguments: argparse.Namespace) -> dict:
    """Every method on photos and paintings made here, which may be shown."""
    from squares import sample_squares

    pairs = sample_squares(SIZE)
    columns = [list(column) for column in zip(*pairs, strict=True)]
    players = networks(arguments.runs) | {
        "shipped": load(arguments.runs / "vgg-swap/model.safetensors")[0]
    }
    for network in players.values():
        with torch.no_grad():
            columns.append([network(content, style) for content, style in pairs])
    save_sheet(columns, ROOT / "docs/art.jpg")
    return {"sheet": ["content", "style", *players]}


def save_sheet(columns: list[list[Tensor]], path: Path, side: int = 160) -> None:
    rows = zip(*columns, strict=True)
    drawn = [
        np.concatenate([resize(to_pictures(x)[0], side, side) for x in row], 1) for row in rows
    ]
    Image.fromarray(np.concatenate(drawn)).save(path, quality=88, optimize=True)


PARTS = {
    "methods": methods,
    "times": times,
    "pruning": pruning,
    "peers": peers,
    "video": video,
    "gatys": gatys,
    "sheet": sheet,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, default=Path("runs/photo/pictures"))
    parser.add_argument(
        "--trunks", nargs="*", default=["vgg-adain", "mobilenet", "squeezenet", "googlenet"]
    )
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    for part in arguments.part:
        result |= PARTS[part](arguments) | {"hardware": hardware()}
        OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
