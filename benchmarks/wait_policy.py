"""A training step beside another busy process, by how OpenMP's threads wait for one another.

    python benchmarks/wait_policy.py --out benchmarks/results/wait_policy.json

Each child does steps of a stack of convolutions, forwards and backwards, with torch's own number of
threads. `busy` runs a second child of the same policy beside it, `niced` that one at `nice 10`.
The policy "unset" is OpenMP's default, where threads spin; "passive" is what the command line sets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from time import perf_counter

from hardware import hardware

POLICIES = {"unset": None, "passive": "PASSIVE"}
BESIDE = {"quiet": None, "busy": [], "niced": ["nice", "-n", "10"]}
SETTINGS = ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")


def steps(count: int, layers: int) -> list[float]:
    """Milliseconds of each step, after one to warm up."""
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(*(torch.nn.Conv2d(64, 64, 3, padding=1) for _ in range(layers)))
    x, found = torch.randn(2, 64, 64, 64), []
    for _ in range(count + 1):
        start = perf_counter()
        network(x).square().mean().backward()
        found.append(1000 * (perf_counter() - start))
    return found[1:]


@contextmanager
def beside(command: list[str], environment: dict[str, str]):
    """The same steps in a process that runs until the measured one has ended."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as other:
        try:
            yield
        finally:
            other.kill()


def measured(policy: str | None, other: list[str] | None, count: int, layers: int) -> float:
    """Median milliseconds of a step in a child; `other` starts the process beside it."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    if policy is not None:
        environment["OMP_WAIT_POLICY"] = policy
    command = [sys.executable, __file__, "--layers", f"{layers}", "--child"]
    endless = [*(other or []), *command, "100000"]
    with nullcontext() if other is None else beside(endless, environment):
        done = subprocess.run(
            [*command, f"{count}"], env=environment, capture_output=True, text=True, check=True
        )
    return median(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3, help="of all six, one after the other")
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
            for kind, other in BESIDE.items():
                one = measured(policy, other, arguments.steps, arguments.layers)
                found.setdefault(f"{name}, {kind}", []).append(one)
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
