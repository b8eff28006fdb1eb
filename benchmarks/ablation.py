"""What each term of the distillation is worth: one pruned network, taught with and without it.

    python benchmarks/ablation.py --inception NPZ --out benchmarks/results/ablation.json

The shipped heads teacher, pruned by magnitude to `--target-ms` on the device of `heads-search`,
then taught for `--steps` steps of batch 2 by each recipe from the same weights on the same batches.
Judged on heads that nothing was trained on: SSIM and L1 to the truth, FID of 768 channels to the
cartoons of other heads. The seconds of a step are medians of steps in turn.
"""

from __future__ import annotations

import argparse
import json
import sys
from copy import deepcopy
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from baselines import magnitude
from hardware import hardware
from pocketstyle.datasets import render_heads
from pocketstyle.metrics import load_inception
from pocketstyle.networks import load
from pocketstyle.search import distances, load_config, quality_to_truth, resolve_model, translate
from pocketstyle.search.data import load_data, make_batches
from pocketstyle.search.distilled import Distilled
from pocketstyle.search.learner import Learner
from pocketstyle.search.optimizers import learning_rate_at

RECIPES = {
    "L1": {"structure": 0.0, "features": 0.0},
    "L1, structure": {"features": 0.0},
    "L1, features": {"structure": 0.0},
    "L1, structure, features": {},
    "… and discriminators": {"adversarial": 1.0},
    "… and DCD's lens": {"lens": 10.0},
    "… and steadiness": {"temporal": 50.0},
}
JUDGED, JUDGED_SEED, OTHERS_SEED = 128, 5, 6  # heads; sets that no training and no setting has seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inception", type=Path, required=True)
    parser.add_argument("--target-ms", type=float, default=9.1)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    changes = {"search.bank": 0, "search.target_ms": arguments.target_ms}
    changes["network.discriminator_base"] = 16  # of 64, a step with discriminators costs 15 others
    base = load_config("heads-search", [f"{key}={value}" for key, value in changes.items()])
    path = resolve_model(base.search.teacher)
    pruned, kept = magnitude(load(path)[0], base.search.device, arguments.target_ms, 0.25)
    teacher = load(path)[0].requires_grad_(False).to(memory_format=torch.channels_last)
    batches = make_batches(base, load_data(base, lambda *_: None), base.search.batch)

    learners = {}
    for name, changes in RECIPES.items():
        settings = base.search.model_copy(update=changes)
        config = base.model_copy(update={"search": settings})
        network = deepcopy(pruned).train().to(memory_format=torch.channels_last)
        objective = Distilled(network, teacher, config)
        objective.kept = kept
        learners[name] = Learner(network, objective, config)
    seconds = {name: [] for name in learners}
    for step in range(arguments.steps):
        rate = learning_rate_at(step, arguments.steps, base.search.learning_rate)
        batch = batches.at(step)
        for name, learner in learners.items():  # in turn: the hour is the same for all
            start = perf_counter()
            learner.set_rate(rate)
            learner.descend(learner.losses(*batch, step))
            seconds[name].append(perf_counter() - start)

    photos, cartoons = render_heads(JUDGED, base.data.size, JUDGED_SEED)
    others = render_heads(JUDGED, base.data.size, OTHERS_SEED)[1].pictures
    networks = {"teacher": teacher} | {n: learner.result for n, learner in learners.items()}
    made = {name: translate(network.eval(), photos.pictures) for name, network in networks.items()}
    extractor = load_inception(arguments.inception)
    found = distances(extractor, others, {"untouched": photos.pictures, **made})
    result = {
        "recipes": {
            name: {
                **quality_to_truth(networks.get(name), photos, cartoons),
                "fid_768": found[name]["fid_768"],
                "kid_768_x100": found[name]["kid_768_x100"],
                "step_s": median(seconds[name]) if name in seconds else None,
            }
            for name in ("untouched", *networks)
        },
        "n": found["n"],
        "steps": arguments.steps,
        "batch": base.search.batch,
        "size": base.data.size,
        "device": base.search.device,
        "target_ms": arguments.target_ms,
        "weights": {key: getattr(base.search, key) for key in ("structure", "features")},
        "discriminator_base": base.network.discriminator_base,
        "command": " ".join(("python", *sys.argv)),
        "hardware": hardware(),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
