"""A step of the unpaired training against the same layers written plainly; and memory.

    python benchmarks/training_step.py --out benchmarks/results/training_step.json

Both sides are UGATIT light with the same discriminators on the same batch and begin with the same
weights; they alternate in one process, the ratio is taken pair by pair. `memory` gives the peak
memory of one picture of each network, the published one and those named, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from hardware import hardware
from plain_ugatit import Training
from pocketstyle.datasets import Batches
from pocketstyle.networks import MultiScaleDiscriminator, build, load, ugatit_spec
from pocketstyle.search.config import Config
from pocketstyle.search.learner import Learner
from pocketstyle.search.objectives import Unpaired
from torch import Tensor, nn

CPU = torch.device("cpu")


def ours(size: int, base: int, compiled: bool = False):
    """The learner of `train`, and one step of it."""
    config = Config.model_validate(
        {
            "data": {"heads": 2, "size": size},
            "network": {"base": base, "discriminator_base": base},
            "train": {"precision": "float32"},
        }
    )
    generator = build(ugatit_spec(size, base)).to(memory_format=torch.channels_last)
    learner = Learner(generator, Unpaired(generator, config, CPU), config)
    if compiled:
        for network in learner.networks:
            network.compile()
    number = 0

    def step(x: Tensor, y: Tensor) -> None:
        nonlocal number
        learner.descend(learner.losses(x, y, number))
        number += 1

    return learner, step


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """In the order of the parameters: the plain network's are the same in other shapes."""
    for a, b in zip(source.parameters(), target.parameters(), strict=True):
        b.data.copy_(a.data.reshape(b.shape))


def timed(step, x: Tensor, y: Tensor) -> float:
    start = perf_counter()
    step(x, y)
    return perf_counter() - start


def compare(size: int, base: int, pairs: int, compiled: bool) -> dict:
    """Seconds of both, and the median ratio."""
    torch.manual_seed(0)
    learner, step = ours(size, base)
    plain = Training(base, lambda: MultiScaleDiscriminator(base, size), 2e-4, 1e-4)
    copy_weights(learner.generator, plain.to_y)
    copy_weights(learner.objective.inverse, plain.to_x)
    x = torch.rand(1, 3, size, size) * 2 - 1
    y = torch.rand(1, 3, size, size) * 2 - 1
    with torch.no_grad():
        apart = float((learner.generator(x) - plain.to_y(x)[0]).abs().max())
    assert apart < 1e-4, apart
    x, y = (t.contiguous(memory_format=torch.channels_last) for t in (x, y))
    for network in (plain.to_y, plain.to_x, plain.judge_y, plain.judge_x):
        network.to(memory_format=torch.channels_last)
    timed(step, x, y), timed(plain.step, x, y)
    seconds = []
    for number in range(pairs):
        if number % 2:
            b, a = timed(plain.step, x, y), timed(step, x, y)
        else:
            a, b = timed(step, x, y), timed(plain.step, x, y)
        seconds.append((a, b))
    result = {
        "size": size,
        "base": base,
        "pairs": pairs,
        "pocketstyle_s": median(a for a, _ in seconds),
        "plain_s": median(b for _, b in seconds),
        "ratio_median": median(a / b for a, b in seconds),
        "ratio_least": min(a / b for a, b in seconds),
        "ratio_greatest": max(a / b for a, b in seconds),
        "outputs_apart": apart,
    }
    if compiled:
        fast = ours(size, base, compiled=True)[1]
        result["compiling_s"] = timed(fast, x, y)
        both = [(timed(fast, x, y), timed(step, x, y)) for _ in range(pairs)]
        result["compiled_to_eager_median"] = median(a / b for a, b in both)
    return result


def loader(size: int, batch: int, repeats: int = 50) -> float:
    """Milliseconds of a picture of a batch: crop of any size, flip, colours."""
    pictures = np.random.default_rng(0).integers(0, 256, (8, size * 9 // 8, size * 9 // 8, 3))
    pictures = pictures.astype(np.uint8)
    varied = {"crop": (0.9, 1.0), "turn": 5.0, "light": 0.1}
    batches = Batches(pictures, pictures, size=size, batch=batch, paired=True, seed=0, **varied)
    start = perf_counter()
    for number in range(repeats):
        batches.at(number)
    return 1e3 * (perf_counter() - start) / (repeats * batch)


def high_water_kb() -> int:
    """The most resident memory that this process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def peak_mb(model: str) -> None:
    """Print the peak memory of this process, before and after one picture, in MB (10^6 bytes)."""
    network = build(ugatit_spec()) if model == "published" else load(Path(model))[0]
    network = network.eval().to(memory_format=torch.channels_last)
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak so far is forgotten
    before = high_water_kb()
    with torch.no_grad():
        network(torch.zeros(1, 3, network.spec.size, network.spec.size))
    after = high_water_kb()
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    maps = (after - before) * 1024 / 1e6
    print(json.dumps({"size": network.spec.size, "maps": maps, "weights": weights / 1e6}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--base", type=int, default=32)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--compiled", action="store_true", help="torch.compile as well (minutes)")
    parser.add_argument("--students", nargs="*", default=[], help="model.safetensors, for memory")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.peak:
        return peak_mb(arguments.peak)
    result = compare(arguments.size, arguments.base, arguments.pairs, arguments.compiled)
    result["loader_ms_per_pair_at_256"] = loader(256, 8)
    result["memory_mb"] = {
        model: json.loads(
            subprocess.run(
                [sys.executable, __file__, "--peak", model], capture_output=True, check=True
            ).stdout
        )
        for model in ("published", *arguments.students)
    }
    result["hardware"] = hardware()
    result["command"] = " ".join(("python", *sys.argv))
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    return None


if __name__ == "__main__":
    main()
