"""ArtNet, measured: transforms side by side, times, pruning, peers, video, the pre-analysis.

    python benchmarks/art/art.py --shared DIR --runs runs/art --part PART

`--shared` has data/art, data/video and weights/microast; `--runs` the networks and weights that
README.md makes. Each PART is a section of benchmarks/results/art.json, so that one can be measured
again; times want an idle machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
import torch
from curves import params, pruned
from gatys import drawn_by_optimisation
from peers import MicroAst
from PIL import Image
from pocketstyle.datasets import read_folder, to_pictures, to_tensor
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.metrics import warping_error
from pocketstyle.networks import ArtNetwork, build, load, read_tensors
from pocketstyle.networks.art import load_trunk, spec_of
from pocketstyle.networks.transfers import (
    AdaIn,
    AvatarDecorator,
    EigenWct,
    OptimalWct,
    SandwichSwap,
    StyleSwap,
    Transfer,
)
from pocketstyle.sdk import read_frames
from pocketstyle.sdk.bench import peak_mb
from pocketstyle.search.shipped import MODELS
from pocketstyle.search.zero_channel import psnr
from scores import SIZE, Scores, art_pairs
from squares import sample_squares
from torch import Tensor, nn

sys.path.append(str(Path(__file__).parents[1]))
from clocks import timed
from flicker import flows_of
from hardware import hardware

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks/results/art.json"
SIZES, REPEATS = (128, 256, 512, 1024), 5
PLAIN, OURS, LEARNED = (f"vgg-{name}/model.safetensors" for name in ("adain", "swap", "linear"))
RIDGE = 1e-6  # of the eigenvalues' sum
TRANSFERS: dict[str, Callable[[], Transfer]] = {
    # those of others as published: every patch of both, covariances in float64, hardly a ridge
    "styleswap": StyleSwap,
    "adain": AdaIn,
    "wct": partial(EigenWct, ridge=RIDGE),
    "optimalwct": partial(OptimalWct, ridge=RIDGE),
    "avatarnet": partial(AvatarDecorator, ridge=RIDGE),
    "sandwichswap": partial(SandwichSwap, most=None, share=1.0),
    "artnet": SandwichSwap,
}
SETTINGS: dict[str, Callable[[], Transfer]] = {
    "share 1": partial(SandwichSwap, share=1.0),
    "share 0.75": partial(SandwichSwap, share=0.75),
    "share 0.5": SandwichSwap,
    "share 0.25": partial(SandwichSwap, share=0.25),
    "every patch": partial(SandwichSwap, most=None),
    "64 patches": partial(SandwichSwap, most=64),
    "patches of 1": partial(SandwichSwap, 1),
    "patches of 5": partial(SandwichSwap, 5),
}
SEARCHED = "vgg-searched"  # from the first of
TRUNKS = ("vgg-adain", "mobilenet", "squeezenet", "googlenet")
BUNDLES = {"artnet-256": 256, "artnet": 512}
ALPHAS = (1.0, 0.8, 0.6, 0.4)
LEARNED_FROM, PRUNED_SIDE = 112, 128  # pictures and their side in pruning


def networks(runs: Path, decoder: str = PLAIN) -> dict[str, ArtNetwork]:
    """By method: one decoder for all, and the learned transform's own."""
    found = {name: with_transfer(runs / decoder, kind()) for name, kind in TRANSFERS.items()}
    return found | {"linearwct": load(runs / LEARNED)[0]}


def with_transfer(path: Path, transfer: Transfer) -> ArtNetwork:
    network, _ = load(path)
    network.transfer = transfer
    return network


def shipped() -> ArtNetwork:
    return load(MODELS / "artnet.safetensors")[0]


def methods(arguments: argparse.Namespace) -> dict:
    """Every transform with the decoder that AdaIN trained, and with the one that S² trained."""
    scores, result = Scores(arguments.shared, arguments.runs), {}
    for key, decoder in (("methods", PLAIN), ("methods_of_s2", OURS)):
        result[key] = {}
        for name, network in networks(arguments.runs, decoder).items():
            result[key][name] = scores.of(network)
            print(key, name, result[key][name], flush=True)
    return result | {"n": scores.pairs, "size": SIZE}


def settings(arguments: argparse.Namespace) -> dict:
    """What S² is made of, and what alpha does to it and to others."""
    scores = Scores(arguments.shared, arguments.runs, count=5, every=2)
    rows = []
    for name, kind in (SETTINGS | TRANSFERS).items():
        network = with_transfer(arguments.runs / OURS, kind())
        for alpha in ALPHAS if name in TRANSFERS else (1.0,):
            row = {"name": name, "alpha": alpha}
            row |= scores.of(partial(network, alpha=alpha))
            rows.append(row)
            print(row, flush=True)
    return {"settings": {"pairs": scores.pairs, "rows": rows}}


def times(arguments: argparse.Namespace) -> dict:
    """Milliseconds of a frame whose style is known, and of the style; one thread, in turns."""
    torch.set_num_threads(1)
    shared, rows = arguments.shared, []
    micro = MicroAst(shared / "weights/microast")
    players = networks(arguments.runs) | {"shipped": shipped(), "microast": micro}
    paths = [list_pictures(shared / "data/art" / kind)[0] for kind in ("content", "style")]
    for side in SIZES:
        content, style = (to_tensor(resize(read_rgb(path), side, side)[None]) for path in paths)
        frames: dict[str, list[float]] = {}
        styles: dict[str, list[float]] = {}
        for _ in range(REPEATS):
            for name, network in players.items():
                with torch.no_grad():
                    statistics = network.encode_style(style)
                styles.setdefault(name, []).append(timed(network.encode_style, style))
                frames.setdefault(name, []).append(timed(network.stylize, content, statistics))
        row = {"size": side, "repeats": REPEATS, "threads": 1}
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
    print(json.dumps({"size": 1024, "s": seconds, "peak_mb": peak_mb()}))


def judged_by(arguments: argparse.Namespace) -> tuple[np.ndarray, Scores]:
    """What pruned networks are judged by: contents, and few of the pairs."""
    unseen = read_folder(arguments.shared / "data/art/content", PRUNED_SIDE).pictures
    return unseen, Scores(arguments.shared, arguments.runs, count=2, every=4)


def pruning(arguments: argparse.Namespace) -> dict:
    """Of every trained trunk."""
    pictures = read_folder(arguments.pictures, PRUNED_SIDE).pictures
    chosen = np.random.default_rng(0).permutation(len(pictures))[:LEARNED_FROM]
    (unseen, scores), found = judged_by(arguments), {}
    for name in TRUNKS:
        network, _ = load(arguments.runs / name / "model.safetensors")
        found[name] = pruned(network, pictures[chosen], unseen, scores)
        print(name, found[name], flush=True)
    return {"pruning": found}


def searched(arguments: argparse.Namespace) -> dict:
    """The latency search on trunk and decoder, which trains what it leaves."""
    (unseen, scores), run = judged_by(arguments), arguments.runs / SEARCHED
    network, _ = load(run / "model.safetensors")
    asked = tomllib.loads((run / "config.toml").read_text())["search"]
    row = {key: asked[key] for key in ("target_ms", "steps", "fine_tune_steps")}
    row |= {"params": params(network), "trunk": params(network.encoder)}
    row |= {"ms": predict_all(network.kernels())["s10"], "psnr_db": psnr(network, unseen)}
    return {"searched": row | scores.of(network)}


def peers(arguments: argparse.Namespace) -> dict:
    """MicroAST as published beside ours."""
    scores = Scores(arguments.shared, arguments.runs)
    micro = MicroAst(arguments.shared / "weights/microast")
    ours, plain = (load(arguments.runs / run)[0] for run in (OURS, PLAIN))
    found = {}
    players = {"microast": micro, "adain": plain, "artnet": ours, "shipped": shipped()}
    for name, network in players.items():
        found[name] = scores.of(network)
        found[name]["params"] = micro.size if network is micro else params(network)
        print(name, found[name], flush=True)
    return {"peers": found}


def bundles(arguments: argparse.Namespace) -> dict:
    """What the bundles weigh and are predicted to take."""
    rows, weights = [], shipped()
    for name, size in BUNDLES.items():
        kernels = list(weights.kernels(size, size))
        row = {"name": name, "size": size, "params": params(weights)}
        row |= {"mb": (ROOT / f"sdk/models/{name}.tflite").stat().st_size / 1e6}
        rows.append(row | {"gmacs": total_macs(kernels) / 1e9, "ms": predict_all(kernels)})
    return {"bundles": rows}


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
    for name, network in (networks(arguments.runs) | {"shipped": shipped()}).items():
        statistics = network.encode_style(styles[0])
        made = [network.stylize(one, statistics).clamp(-1, 1) for one in inputs.split(1)]
        result[name] = warping_error(torch.cat(made), inputs, flow)
    return {"video": result}


def gatys(arguments: argparse.Namespace) -> dict:
    """The paper's pre-analysis: optimisation with four trunks, on photos that may be shown."""
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


def load_trunk_alone(tensors: dict[str, Tensor]) -> nn.Module:
    trunk = build(spec_of(tensors, 4, SIZE)).encoder.eval().requires_grad_(False)
    load_trunk(trunk, tensors)
    return trunk


def sheet(arguments: argparse.Namespace) -> dict:
    """Every method on photos and paintings made here, which may be shown."""
    pairs = sample_squares(SIZE)
    columns = [list(column) for column in zip(*pairs, strict=True)]
    micro = MicroAst(arguments.shared / "weights/microast")
    players = networks(arguments.runs) | {"shipped": shipped(), "microast": micro}
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
    "settings": settings,
    "times": times,
    "pruning": pruning,
    "searched": searched,
    "peers": peers,
    "bundles": bundles,
    "video": video,
    "gatys": gatys,
    "sheet": sheet,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, default=Path("runs/photo/pictures"))
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    for part in arguments.part:
        found = PARTS[part](arguments) | {"hardware": hardware()}
        result = json.loads(OUT.read_text()) if OUT.exists() else {}
        OUT.write_text(json.dumps(result | found, indent=1) + "\n")


if __name__ == "__main__":
    main()
