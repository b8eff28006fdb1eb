"""The search against what a user would do instead, at equal latency, data, loss and time.

    python benchmarks/search_vs_baselines.py --config search.toml --judged-on PHOTOS \
        --target CARTOONS --inception NPZ --work runs/baselines

`--config` is a search's, with the teacher and the data in it. Each method gets a network no slower
than `search.target_ms` on `search.device` and the seconds that the search took with its
fine-tuning; all are taught by the same teacher with the same loss. `mac_penalty` is the same search
with MACs in place of milliseconds, its MAC target chosen so that it lands on the same latency; the
choice costs it nothing here. Judged by FID and KID of 768 channels between the translated
`--judged-on` pictures, which no method has seen, and `--target`'s.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from baselines import distil, magnitude, random_widths, uniform
from pocketstyle.datasets import read_folder
from pocketstyle.latency_model import SpeedModel, predict_all, total_macs
from pocketstyle.metrics import load_inception
from pocketstyle.networks import load
from pocketstyle.search import Config, distances, load_config, resolve_model, search, translate
from pocketstyle.search.data import load_data
from pocketstyle.search.provenance import provenance
from torch import nn

OUT = Path(__file__).parent / "results/search_vs_baselines.json"
NEAR = 0.97  # of the target: how close the search by MACs has to land
TRIALS = 5  # of its MAC target
ELASTICITY = 0.5  # of latency to MACs, until two trials tell


def quiet(_stage: str, _done: int, _total: int) -> None:
    """No progress."""


def searched(config: Config, out: Path) -> tuple[nn.Module, float]:
    """The student of a search, and the seconds that it took."""
    start = perf_counter()
    path = search(config, out, resume=False, report=quiet)
    return load(path)[0], perf_counter() - start


def by_macs(config: Config, out: Path, macs: float) -> tuple[nn.Module, float]:
    """The student of the search that knows MACs alone, as fast as the target asks.

    Args:
        macs: where to begin.
    """
    model, target_ms = SpeedModel.load(config.search.device), config.search.target_ms
    millions, tried, best = macs / 1e6, [], None
    for trial in range(TRIALS):
        settings = config.search.model_copy(update={"target_mmacs": millions})
        run = out.with_name(f"{out.name}-{trial}")
        student, seconds = searched(config.model_copy(update={"search": settings}), run)
        ms = model.latency(student.kernels())
        print(f"mac_penalty: {millions:.1f} MMACs → {ms:.2f} ms", file=sys.stderr, flush=True)
        if ms <= target_ms and (best is None or ms > best[2]):
            best = student, seconds, ms
        if NEAR * target_ms <= ms <= target_ms:
            break
        tried.append((log(millions), log(ms)))
        slope = ELASTICITY
        if len(tried) > 1:
            (a, b), (c, d) = tried[-2:]
            slope = min(1.0, max(0.1, (d - b) / (c - a)))
        millions *= ((1 + NEAR) / 2 * target_ms / ms) ** (1 / slope)
    if best is None:
        raise SystemExit("no search by MACs came below the target")
    return best[:2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("config", "judged-on", "target", "inception", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    config = load_config(arguments.config)
    settings, work = config.search, arguments.work

    def teacher() -> nn.Module:
        return load(resolve_model(settings.teacher))[0]

    ours, spent = searched(config, work / "search")
    networks = {"teacher": (teacher(), 0.0), "student": (ours, spent)}
    data = load_data(config, quiet)
    least = settings.keep_at_least
    device, target_ms = settings.device, settings.target_ms
    for name, pruned in (
        ("uniform", uniform(teacher(), device, target_ms)),
        ("magnitude", magnitude(teacher(), device, target_ms, least)),
        ("random", random_widths(teacher(), device, target_ms, least, config.train.seed)),
    ):
        network, steps, seconds = distil(pruned, teacher(), config, data, spent)
        print(f"{name}: {steps} steps", file=sys.stderr, flush=True)
        networks[name] = network, seconds
    macs = total_macs(ours.kernels())
    networks["mac_penalty"] = by_macs(config, work / "mac_penalty", macs)

    size = config.data.size
    source = read_folder(arguments.judged_on, size).pictures
    wanted = read_folder(arguments.target, size).pictures
    made = {name: translate(network.eval(), source) for name, (network, _) in networks.items()}
    found = distances(load_inception(arguments.inception), wanted, {"untouched": source, **made})

    def described(name: str) -> dict[str, Any]:
        network, seconds = networks[name]
        kernels = list(network.kernels())
        return {
            "macs": total_macs(kernels),
            "params": sum(parameter.numel() for parameter in network.parameters()),
            **found[name],
            "predicted_ms": predict_all(kernels),
            "seconds": seconds,
        }

    result = {
        "teacher": described("teacher"),
        "student": described("student"),
        "baselines": {
            name: described(name) for name in ("uniform", "magnitude", "mac_penalty", "random")
        },
        "untouched": found["untouched"],
        "n": found["n"],
        "kid_subsets": found["kid_subsets"],
        "kid_subset_size": found["kid_subset_size"],
        "size": size,
        "device": device,
        "target_ms": target_ms,
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads",
        "config": provenance(config, data)["config"],
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "config"}, indent=1))


if __name__ == "__main__":
    main()
