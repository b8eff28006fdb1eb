"""The routes to TFLite side by side: the same weights by each, and what comes out.

    python benchmarks/converters.py --photos ../shared/data/portraits/cc_by

Networks: UGATIT light and CycleGAN's ResNet-9 as published (random weights, 256 px), and a shipped
searched student. Routes: `ours` (litert-torch on the rewritten network), `onnx-tf` and `onnx2tf`
(by the converters that `pocketstyle convert --route` runs) and `plain` (litert-torch), these three
on the network as one writes it: torch's own instance norm and transposed convolution, UGATIT's
formulas as published. Latency is XNNPACK's, one and two threads, a run of each route in turn.
`ours` takes means row by row, which costs an operator each; `largest_sum` is what a mean in one
step would have to add up on these photos, where float16 ends at 65504.
Writes benchmarks/results/converters.json and docs/converters_table.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from hardware import hardware
from pages import table
from pocketstyle.converters import rewrites, to_tflite
from pocketstyle.converters.exported import Stylize
from pocketstyle.converters.flatbuffer import operators, read_model
from pocketstyle.converters.litert import by_litert
from pocketstyle.converters.player import Player
from pocketstyle.converters.precision import with_precision
from pocketstyle.converters.tflite import SIGNATURE
from pocketstyle.datasets import read_folder, to_tensor
from pocketstyle.networks import build, cyclegan_spec, load, randomise_mixtures, ugatit_spec
from pocketstyle.networks.layers import ConvTranspose2d
from pocketstyle.networks.normalisation import (
    AdaptiveLayerInstanceNorm,
    InstanceNorm,
    LayerInstanceNorm,
)
from pocketstyle.search import resolve_model
from residency import in_words, residency
from torch import Tensor, nn
from torch.nn import functional as F

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/converters.json"
TABLE = ROOT / "docs/converters_table.md"
PICTURES = 2
ROUNDS, SECONDS = 5, 10.0  # of timing, at least both


class PlainInstanceNorm(InstanceNorm):
    """torch's own."""

    def forward(self, x: Tensor, gate: float = 1.0) -> Tensor:
        return F.instance_norm(x)


class _PlainMixture:
    """rho IN + (1 - rho) LN, as one reads it in the paper."""

    def normalise(self, x: Tensor, gamma: Tensor, beta: Tensor, gate: float) -> Tensor:
        instance = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + 1e-5).sqrt()
        whole = (1, 2, 3)
        layer = (x - x.mean(whole, keepdim=True)) / (x.var(whole, keepdim=True) + 1e-5).sqrt()
        rho = self.rho[None, :, None, None]
        return gamma * (rho * instance + (1 - rho) * layer) + beta


class PlainLayerInstanceNorm(_PlainMixture, LayerInstanceNorm):
    """LIN."""


class PlainAdaptiveLayerInstanceNorm(_PlainMixture, AdaptiveLayerInstanceNorm):
    """AdaLIN."""


class PlainConvTranspose2d(ConvTranspose2d):
    """torch's own, which is what the layer is before it is rewritten."""


PLAIN = {
    ConvTranspose2d: PlainConvTranspose2d,
    InstanceNorm: PlainInstanceNorm,
    LayerInstanceNorm: PlainLayerInstanceNorm,
    AdaptiveLayerInstanceNorm: PlainAdaptiveLayerInstanceNorm,
}


def as_written(network: nn.Module) -> nn.Module:
    """An equal network without the rewrites."""
    network = copy.deepcopy(network)
    for module in network.modules():
        module.__class__ = PLAIN.get(type(module), type(module))
    return network


def ours(network: nn.Module) -> dict[str, bytes]:
    """As `pocketstyle convert` does it, in both precisions."""
    return to_tflite(network, PRECISIONS)


def by_onnx(route: str) -> Callable[[nn.Module], dict[str, bytes]]:
    """As the route's users do it: its classes are not those that are rewritten."""
    return lambda network: to_tflite(as_written(network), PRECISIONS, route=route)


def plain(network: nn.Module) -> dict[str, bytes]:
    """By litert-torch alone."""
    size = network.spec.size
    function = Stylize(as_written(network))
    tflite = by_litert({SIGNATURE: (function, (torch.zeros(1, size, size, 3),))})
    return {precision: with_precision(tflite, precision, {}) for precision in PRECISIONS}


PRECISIONS = ("fp32", "fp16")
ROUTES = {
    "ours": ours,
    "onnx-tf": by_onnx("onnx-tf"),
    "onnx2tf": by_onnx("onnx2tf"),
    "plain": plain,
}


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    light, cyclegan = build(ugatit_spec()).eval(), build(cyclegan_spec()).eval()
    randomise_mixtures(light)
    return {
        "ugatit light": light,
        "cyclegan": cyclegan,
        "searched student (toonhead)": load(resolve_model("toonhead"))[0].eval(),
    }


def described(made_by: dict[str, bytes], content: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    """What one route's files are like."""
    tflite = made_by["fp32"]
    names = operators(read_model(tflite))
    made = Player(tflite).play_all(content)
    return {
        "transposes": names.count("TRANSPOSE"),
        "ops": len(names),
        "bytes": len(tflite),
        "bytes_fp16": len(made_by["fp16"]),
        "max_abs": float(np.abs(made - wanted).max()),
        **residency(tflite),
    }


def largest_sum(network: nn.Module, pictures: torch.Tensor) -> float:
    """The largest sum over a map that its norms' means stand for."""
    sums = []

    def recording(x: Tensor) -> Tensor:
        sums.append(float(x.sum((2, 3)).abs().max()))
        return x.mean((2, 3), keepdim=True)

    with mock.patch.object(rewrites, "spatial_mean", recording), torch.no_grad():
        for picture in pictures:
            rewrites.rewrite(network)(picture[None])
    return max(sums)


def timed(files: dict[str, bytes], picture: np.ndarray, threads: int) -> dict[str, dict]:
    """Milliseconds of each file, and its ratio to ours, from runs in turn."""
    players = {name: Player(tflite, threads) for name, tflite in files.items()}
    seconds: dict[str, list[float]] = {name: [] for name in players}
    for player in players.values():  # warms up
        player.play(picture)
    start, rounds = time.perf_counter(), 0
    while rounds < ROUNDS or time.perf_counter() - start < SECONDS:
        for name, player in players.items():
            seconds[name].append(player.play(picture)[1])
        rounds += 1
    ours = seconds["ours"]
    return {
        name: {
            "rounds": rounds,
            "latency_ms": 1000 * median(taken),
            "to_ours": median(a / b for a, b in zip(taken, ours, strict=True)),
        }
        for name, taken in seconds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    photos = parser.parse_args().photos
    rows = []
    for name, network in networks().items():
        pictures = to_tensor(read_folder(photos, network.spec.size).pictures[:PICTURES])
        content = pictures.permute(0, 2, 3, 1).contiguous().numpy()
        with torch.no_grad():
            wanted = torch.cat([network(x[None]) for x in pictures]).permute(0, 2, 3, 1).numpy()
        files, row = {}, {"network": name, "size": network.spec.size}
        row["largest_sum"] = largest_sum(network, pictures)
        for route, make in ROUTES.items():
            start = time.perf_counter()
            try:
                made_by = make(network)
                row[route] = {"convert_s": time.perf_counter() - start}
                if not rows and route == "ours":  # of the process, which has done nothing else
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    row[route]["peak_gb"] = peak * 1024 / 1e9
                row[route] |= described(made_by, content, wanted)
                files[route] = made_by["fp32"]
            except Exception as error:  # whatever a converter raises belongs to the result
                told = f"{type(error).__name__}: {error}".split("\n")[0].replace(f"{ROOT}/", "")
                row[route] = {"failed": told.partition(" that was")[0][:200]}
            print(name, route, row[route], file=sys.stderr, flush=True)
        for threads in (1, 2):
            for route, found in timed(files, content[0], threads).items():
                by = "" if threads == 1 else f"_{threads}_threads"
                row[route] |= {f"{key}{by}": value for key, value in found.items()}
        rows.append(row)
    result = {
        "command": " ".join(("python", *sys.argv)),
        "rows": rows,
        "pictures": PICTURES,
        "hardware": hardware(),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    TABLE.write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """The table in Markdown."""
    head = ("network", "route", "TRANSPOSE", "ops", "ms, 1 thread", "of ours", "ms, 2 threads")
    head += ("of ours", "GPU-resident", "max abs to torch", "MB, fp16", "seconds to convert")
    lines = []
    for row in result["rows"]:
        for route in ROUTES:
            one = row[route]
            if "failed" in one:
                lines.append((row["network"], route, f"fails: {one['failed']}", *[""] * 9))
                continue
            lines.append(
                (
                    row["network"],
                    f"**{route}**" if route == "ours" else route,
                    str(one["transposes"]),
                    str(one["ops"]),
                    f"{one['latency_ms']:.0f}",
                    f"{one['to_ours']:.2f}",
                    f"{one['latency_ms_2_threads']:.0f}",
                    f"{one['to_ours_2_threads']:.2f}",
                    in_words(one),
                    f"{one['max_abs']:.1e}",
                    f"{one['bytes_fp16'] / 1e6:.2f}",
                    f"{one['convert_s']:.0f}",
                )
            )
    sums = ", ".join(f"{row['network']} {row['largest_sum']:,.0f}" for row in result["rows"])
    first = result["rows"][0]
    rounds = [row["ours"]["rounds"] for row in result["rows"]]
    return f"""# The routes to TFLite side by side

Written by `{result["command"]}` ({result["hardware"]}; judged on {result["pictures"]} portraits;
the routes run in turn {min(rounds)} to {max(rounds)} times after one to warm up; medians).

{table(head, lines)}

- All routes hold the same convolutions, which XNNPACK runs alike and which are nearly all of the
  time on a CPU, so that CPUs tell the routes apart by a few per cent. A TRANSPOSE costs a phone's
  GPU a copy of the map.
- `ours` starts from the rewritten network, the others from the one that its authors would write.
- Where another route has fewer operators than `ours`, it takes the mean of a map in one step (or
  has one operator for a whole norm's arithmetic). `ours` takes rows, then columns, one MEAN more
  each, since phone GPUs add up in float16, which ends at 65,504. The largest sum that one step
  would have to hold on these portraits: {sums}.
- Converting {first["network"]} by `ours` took {first["ours"]["convert_s"]:.0f} s and at most
  {first["ours"]["peak_gb"]:.1f} GB, torch's own included.
"""


if __name__ == "__main__":
    main()
