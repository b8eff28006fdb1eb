"""The search against what a user would do instead, at equal latency, data, loss and time.

    python benchmarks/search_vs_baselines.py --config search.toml --judged-on PHOTOS \
        --target CARTOONS --inception NPZ --shown PORTRAITS --work runs/baselines

`--config` is a search's, with the teacher and the data in it. Each method gets a network no slower
than `search.target_ms` on `search.device`, and at least the seconds and the steps that the search
took with its fine-tuning; all are taught by the same teacher with the same loss. `mac_penalty` is
the same search with MACs in place of milliseconds, its MAC target chosen so that it lands on the
same latency; the choice costs it nothing here. Judged by FID and KID of 768 channels between the
translated `--judged-on` pictures, which no method has seen, and `--target`'s, and by SSIM and L1 to
the teacher's pictures of the same. `--shown` pictures are drawn side by side in
docs/search_vs_baselines.jpg. What is finished under `--work` is not done
again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

from baselines import distil, magnitude, random_widths, uniform
from hardware import hardware
from pages import halved, sheet
from pocketstyle.datasets import read_folder
from pocketstyle.latency_model import SpeedModel, predict_all, total_macs
from pocketstyle.metrics import load_inception
from pocketstyle.networks import ModelCard, load, save
from pocketstyle.search import (
    Config,
    distances,
    load_config,
    quality_to_truth,
    resolve_model,
    search,
    translate,
)
from pocketstyle.search.data import load_data
from pocketstyle.search.provenance import provenance
from torch import nn

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/search_vs_baselines.json"
PICTURES = ROOT / "docs/search_vs_baselines.jpg"
NEAR = 0.97  # of the target: how close the search by MACs has to land
TRIALS = 5  # of its MAC target
ELASTICITY = 0.5  # of latency to MACs, until two trials tell


def quiet(_stage: str, _done: int, _total: int) -> None:
    """No progress."""


@dataclass(frozen=True)
class Trained:
    """A network and what it took."""

    network: nn.Module
    seconds: float
    steps: int


def once(path: Path, config: Config, make: Callable[[], Trained]) -> Trained:
    """What `make` gives, or what it gave before for the same configuration."""
    settings = config.model_dump(mode="json")
    if not path.exists():
        made = make()
        cost = {"seconds": made.seconds, "steps": made.steps, "config": settings}
        save(path, made.network, ModelCard(path.stem, provenance=cost))
    network, card = load(path)
    if card.provenance["config"] != settings:
        raise SystemExit(f"{path} is of another configuration")
    return Trained(network.eval(), card.provenance["seconds"], card.provenance["steps"])


def searched(config: Config, out: Path) -> Trained:
    """The student of a search."""
    shutil.rmtree(out, ignore_errors=True)  # of a run that was stopped: its seconds are lost
    start = perf_counter()
    path = search(config, out, resume=False, report=quiet)
    steps = config.search.steps + config.search.fine_tune_steps
    return Trained(load(path)[0], perf_counter() - start, steps)


def by_macs(config: Config, out: Path, macs: float) -> Trained:
    """The student of the search that knows MACs alone, as fast as the target asks.

    The MAC target is tried by searches that stop where fine-tuning begins.

    Args:
        macs: where to begin.
    """
    model, target_ms = SpeedModel.load(config.search.device), config.search.target_ms
    millions, tried, best = macs / 1e6, [], None

    def landed(trial: int, millions: float, fine_tune_steps: int) -> Trained:
        settings = {"target_mmacs": millions, "fine_tune_steps": fine_tune_steps}
        again = config.model_copy(update={"search": config.search.model_copy(update=settings)})
        run = out.with_name(f"{out.name}-{trial}")
        return once(run.with_suffix(".safetensors"), again, lambda: searched(again, run))

    for trial in range(TRIALS):
        ms = model.latency(landed(trial, millions, 1).network.kernels())
        print(f"mac_penalty: {millions:.1f} MMACs → {ms:.2f} ms", file=sys.stderr, flush=True)
        if ms <= target_ms and (best is None or ms > best[0]):
            best = ms, millions
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
    return landed(TRIALS, best[1], config.search.fine_tune_steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("config", "judged-on", "target", "inception", "shown", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    config = load_config(arguments.config)
    settings, work = config.search, arguments.work
    work.mkdir(parents=True, exist_ok=True)

    def teacher() -> nn.Module:
        return load(resolve_model(settings.teacher))[0]

    def kept_at(name: str) -> Path:
        return work / f"{name}.safetensors"

    ours = once(kept_at("student"), config, lambda: searched(config, work / "search"))
    networks = {"teacher": Trained(teacher().eval(), 0.0, 0), "student": ours}
    data = load_data(config, quiet)
    least = settings.keep_at_least
    device, target_ms = settings.device, settings.target_ms
    prunings = {
        "uniform": lambda: uniform(teacher(), device, target_ms)[0],
        "magnitude": lambda: magnitude(teacher(), device, target_ms, least),
        "random": lambda: random_widths(teacher(), device, target_ms, least, config.train.seed),
    }

    def taught(name: str) -> Trained:
        network, steps, seconds = distil(
            prunings[name](), teacher(), config, data, ours.seconds, ours.steps
        )
        return Trained(network, seconds, steps)

    for name in prunings:
        networks[name] = once(kept_at(name), config, lambda name=name: taught(name))
    macs = total_macs(ours.network.kernels())
    networks["mac_penalty"] = by_macs(config, work / "by_macs", macs)

    size = config.data.size
    shown = read_folder(arguments.shown, size).pictures
    rows = {name: translate(one.network, shown) for name, one in networks.items()}
    named = {name.replace("_", " "): row for name, row in {"input": shown, **rows}.items()}
    halved(sheet(named, named=True)).save(PICTURES)
    source = read_folder(arguments.judged_on, size)
    wanted = read_folder(arguments.target, size).pictures
    made = {name: translate(one.network, source.pictures) for name, one in networks.items()}
    found = distances(
        load_inception(arguments.inception), wanted, {"untouched": source.pictures, **made}
    )
    teachers = replace(source, pictures=made["teacher"])
    for name, one in networks.items():
        likeness = quality_to_truth(one.network, source, teachers)
        found[name] |= {n.replace("truth", "teacher"): value for n, value in likeness.items()}

    def described(name: str) -> dict[str, Any]:
        network = networks[name].network
        kernels = list(network.kernels())
        return {
            "macs": total_macs(kernels),
            "params": sum(parameter.numel() for parameter in network.parameters()),
            **found[name],
            "predicted_ms": predict_all(kernels),
            "kid_768": found[name]["kid_768_x100"] / 100,
            "seconds": networks[name].seconds,
            "steps": networks[name].steps,
        }

    result = {
        "command": " ".join(("python", *sys.argv)),
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
        "hardware": hardware(),
        "config": provenance(config, data)["config"],
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "config"}, indent=1))


if __name__ == "__main__":
    main()
