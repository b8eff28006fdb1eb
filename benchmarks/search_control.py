"""The search against uniform magnitude pruning, at equal predicted latency and equal time.

    python benchmarks/search_control.py --demo runs/demo

`--demo` is a finished demo on the same, otherwise idle, computer. The control keeps the same share
of every width, the channels whose weights have the largest norms, no block removed; the share is
the largest, to a tenth of a percent, that is no more than a percent slower than the student:
uniform widths change by groups of four all at once, and the stair below would cost the control
more. It then trains with the same
loss, optimiser, data and schedule for a quarter more seconds than the demo spent on its search and
fine-tuning together: a shared computer is a fifth slower in one hour than in the next, and the
doubt goes to the control. The result goes to benchmarks/results/ and into the package, where the
demo's report shows it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from baselines import distil, uniform
from hardware import hardware
from pocketstyle.datasets import render_heads
from pocketstyle.demo.main_job import UNSEEN, UNSEEN_SEED
from pocketstyle.latency_model import SpeedModel, total_macs
from pocketstyle.networks import load
from pocketstyle.search import load_config, quality_to_truth, resolve_model
from pocketstyle.search.data import load_data
from torch import nn

ROOT = Path(__file__).parents[1]
ALLOWANCE = 1.25  # of the search's time
SLOWER = 1.01  # of its latency
OUTS = ROOT / "benchmarks/results/search_control.json", ROOT / "demo/search_control.json"


def measured(network: nn.Module, device: str, data, seconds: float) -> dict:
    kernels = list(network.kernels())
    return {
        "macs": total_macs(kernels),
        "predicted_ms": SpeedModel.load(device).latency(kernels),
        **quality_to_truth(network.eval(), *data),
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path, required=True)
    arguments = parser.parse_args()
    run = arguments.demo / "search"
    spent = json.loads((arguments.demo / "result.json").read_text())["seconds"]["search"]
    seconds = ALLOWANCE * spent
    config = load_config(run / "config.toml")
    settings = config.search
    unseen = render_heads(UNSEEN, config.data.size, UNSEEN_SEED)
    student, _ = load(run / "model.safetensors")
    searched = measured(student, settings.device, unseen, spent)

    teacher, _ = load(resolve_model(settings.teacher))
    limit = SLOWER * searched["predicted_ms"]
    (network, kept), share = uniform(teacher, settings.device, limit)
    before = measured(network, settings.device, unseen, 0.0)

    data = load_data(config, lambda *_: None)
    network, step, elapsed = distil((network, kept), teacher, config, data, seconds)
    result = {
        "search": searched,
        "magnitude": measured(network, settings.device, unseen, elapsed),
        "magnitude_before_training": before,
        "magnitude_share_of_widths": share,
        "magnitude_steps": step,
        "device": settings.device,
        "target_ms": settings.target_ms,
        "n": UNSEEN,
        "host": hardware(),
        "command": " ".join(("python", *sys.argv)),
    }
    text = json.dumps(result, indent=1)
    for path in OUTS:
        path.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
