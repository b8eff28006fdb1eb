"""What masks, gates and the latency term cost: a search step against the same step without them.

    python benchmarks/search_step.py --pairs 20 --out benchmarks/results/search_step.json

Both steps run the same network on the same batch with the same distillation loss and optimiser;
they alternate in one process, and the ratio is taken pair by pair.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from hardware import hardware
from pocketstyle.networks import build, start_search, ugatit_spec
from pocketstyle.search.config import load_config
from pocketstyle.search.cost_term import CostTerm
from pocketstyle.search.distilled import Distilled
from pocketstyle.search.learner import Learner
from pocketstyle.search.mask_optimizer import MaskOptimizer
from pocketstyle.search.precision import with_precision
from pocketstyle.search.supernet_cost import SupernetLatency

BASE = 24  # as the shipped heads teacher
CHANGED, WIDTHS = 3, 12  # widths that change in a step of the demo's search, on average; all


def make_step(searching: bool, x: torch.Tensor, target_ms: float):
    """A function that does one training step, with or without the search's parts."""
    torch.manual_seed(0)
    config = with_precision(load_config("heads-search"), torch.device("cpu"))
    spec = ugatit_spec(config.data.size, BASE)
    teacher = build(spec).eval().requires_grad_(False).to(memory_format=torch.channels_last)
    network = build(spec).to(memory_format=torch.channels_last)
    network.load_state_dict(teacher.state_dict())
    learner = Learner(network, Distilled(network, teacher, config), config)
    learner.set_rate(1.0, 1e-6)
    if searching:
        start_search(network, 0.25)
        mask_optimizer = MaskOptimizer(network)
        latency = SupernetLatency(network, config.search.device)
        term = CostTerm(latency, target_ms, steps=100, anneal=0.1)

    def step(number: int) -> float:
        start = perf_counter()
        terms = learner.losses(x, x, number)
        if searching:
            terms["cost"] = term(number)
            mask_optimizer.zero_grad()
        learner.descend(terms)
        if searching:
            mask_optimizer.step(1e-6)
        return perf_counter() - start

    return step


def latency_ms(repeats: int, device: str, changed: int) -> float:
    """Median milliseconds of the speed model's value and gradient.

    The model keeps what it priced before, so it counts how many widths have changed since.

    Args:
        changed: widths of which a channel closes or opens in front of each call.
    """
    network = build(ugatit_spec(128, BASE))
    start_search(network, 0.25)
    latency = SupernetLatency(network, device)
    random, times = np.random.default_rng(0), []
    for _ in range(repeats):
        with torch.no_grad():
            for index in random.choice(len(latency.widths), changed, replace=False):
                v = latency.widths[index].v
                channel = random.integers(len(v))
                v[channel] = 1 - v[channel]
        start = perf_counter()
        latency().backward()
        times.append(1e3 * (perf_counter() - start))
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=2, help="the demo's")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    x = torch.rand(arguments.batch, 3, 128, 128) * 2 - 1
    x = x.to(memory_format=torch.channels_last)
    plain, searching = make_step(False, x, 10.0), make_step(True, x, 10.0)
    for warm_up in range(3):
        plain(warm_up), searching(warm_up)
    pairs = []
    for number in range(arguments.pairs):
        # the order alternates, so that neither side always runs on the other's warm caches
        if number % 2:
            b, a = searching(number), plain(number)
        else:
            a, b = plain(number), searching(number)
        pairs.append((a, b))
    device, plain_ms = load_config("heads-search").search.device, 1e3 * median(a for a, _ in pairs)
    some, every = (latency_ms(5 * arguments.pairs, device, n) for n in (CHANGED, WIDTHS))
    result = {
        "plain_ms": plain_ms,
        "search_ms": 1e3 * median(b for _, b in pairs),
        "ratio_median": median(b / a for a, b in pairs),
        "latency_ms": some,
        "latency_share": some / plain_ms,
        "latency_share_if_every_width_changed": every / plain_ms,
        "pairs": len(pairs),
        "batch": arguments.batch,
        "network": f"UGATIT light, {BASE} base channels, 128 px",
        "host": hardware(),
    }
    text = json.dumps(result, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
