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
from pathlib import Path

from hardware import hardware
from pocketstyle.datasets import render_heads
from pocketstyle.metrics import load_inception
from pocketstyle.networks import load
from pocketstyle.search import distances, load_config, quality_to_truth, resolve_model, translate
from teaching import teach

MORE = {"discriminators": 1.0, "lens": 10.0, "steadiness": 50.0}  # weights
RECIPES = {
    "L1": {"structure": 0.0, "features": 0.0},
    "L1, structure": {"features": 0.0},
    "L1, features": {"structure": 0.0},
    "L1, structure, features": {},
    "… and discriminators": {"adversarial": MORE["discriminators"]},
    "… and DCD's lens": {"lens": MORE["lens"]},
    "… and steadiness": {"temporal": MORE["steadiness"]},
}
JUDGED, JUDGED_SEED, OTHERS_SEED = 128, 5, 6  # heads; sets that no training and no setting has seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inception", type=Path, required=True)
    parser.add_argument("--target-ms", type=float, default=9.1)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    changes = {
        "search.bank": 0,
        "search.target_ms": arguments.target_ms,
        "search.keep_at_least": 0.25,
        "network.discriminator_base": 16,  # of 64, a step with discriminators costs 15 others
    }
    base = load_config("heads-search", [f"{key}={value}" for key, value in changes.items()])
    students, seconds = teach(base, RECIPES, arguments.steps)
    photos, cartoons = render_heads(JUDGED, base.data.size, JUDGED_SEED)
    others = render_heads(JUDGED, base.data.size, OTHERS_SEED)[1].pictures
    networks = {"teacher": load(resolve_model(base.search.teacher))[0], **students}
    made = {name: translate(network, photos.pictures) for name, network in networks.items()}
    extractor = load_inception(arguments.inception)
    found = distances(extractor, others, {"untouched": photos.pictures, **made})
    result = {
        "recipes": {
            name: {
                **quality_to_truth(networks.get(name), photos, cartoons),
                "fid_768": found[name]["fid_768"],
                "kid_768_x100": found[name]["kid_768_x100"],
                "kid_768_x100_deviation": found[name]["kid_768_x100_deviation"],
                "step_s": seconds.get(name),
            }
            for name in ("untouched", *networks)
        },
        "n": found["n"],
        "steps": arguments.steps,
        "batch": base.search.batch,
        "size": base.data.size,
        "device": base.search.device,
        "target_ms": arguments.target_ms,
        "weights": {
            "L1": base.train.l1,
            "structure": base.search.structure,
            "features": base.search.features,
            **MORE,
        },
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
