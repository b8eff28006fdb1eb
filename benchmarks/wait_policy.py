"""A training step beside another busy process, by how OpenMP's threads wait for one another.

    python benchmarks/wait_policy.py --out benchmarks/results/wait_policy.json

Each child does steps of a stack of convolutions, forwards and backwards, with torch's own number of
threads; `busy` runs one process beside it that computes without a pause, at the lowest priority.
The policy "unset" is OpenMP's default, where threads spin; "passive" is what the command line sets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from hardware import hardware

POLICIES = {"unset": None, "passive": "PASSIVE"}
SETTINGS = ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")


def steps(count: int, layers: int) -> list[float]:
    """Milliseconds of each step, after one to warm up."""
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(*(torch.nn.Conv2d(32, 32, 3, padding=1) for _ in range(layers)))
    x, found = torch.randn(2, 32, 64, 64), []
    for _ in range(count + 1):
        start = perf_counter()
        network(x).square().mean().backward()
        found.append(1000 * (perf_counter() - start))
    return found[1:]


@contextmanager
def beside(busy: bool):
    """Another process that computes, at the lowest priority."""
    if not busy:
        yield
        return
    command = ["nice", "-n", "19", sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(command) as other:
        try:
            yield
        finally:
            other.kill()


def measured(policy: str | None, busy: bool, count: int, layers: int) -> float:
    """Median milliseconds of a step in a child."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    if policy is not None:
        environment["OMP_WAIT_POLICY"] = policy
    command = [sys.executable, __file__, "--child", f"{count}", "--layers", f"{layers}"]
    with beside(busy):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return median(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3, help="of all four, one after the other")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(steps(arguments.child, arguments.layers)))
        return
    load = os.getloadavg()[0]
    found: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        for name, policy in POLICIES.items():
            for busy in (False, True):
                key = f"{name}, {'busy' if busy else 'quiet'}"
                one = measured(policy, busy, arguments.steps, arguments.layers)
                found.setdefault(key, []).append(one)
    result = {
        "step_ms": {key: median(values) for key, values in found.items()},
        "rounds_ms": found,
        "steps_per_round": arguments.steps,
        "cores": os.cpu_count(),
        "load_before": load,  # of the machine: above 0, "quiet" was not
        "hardware": hardware(),
        "command": " ".join(("python", *sys.argv)),
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
