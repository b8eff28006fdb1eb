"""Does a warm start keep the ranking? Genotypes judged as StyleNAS does, and trained from nothing.

    python benchmarks/photo/ranks.py --config runs/nas/evolution/config.toml --out RANKS

Spearman's rank correlation between decoders that inherit PhotoNet's weights and train for
`nas.steps`, and decoders of random weights that train for many more: of what training decides, E
and P with their weights, and of the whole objective, whose other terms are the same for both.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
import torch
from pocketstyle.latency_model import SpeedModel
from pocketstyle.networks import Genotype, build, photo_spec
from pocketstyle.networks.photo import PHOTONET
from pocketstyle.search import load_config
from pocketstyle.search.judge import Judge
from scipy.stats import spearmanr

GENOTYPES, FRESH_STEPS = 12, 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    genotypes = [Genotype.random(Random(seed)) for seed in range(GENOTYPES)]
    scores, shared, steps = {}, [], {}
    for name, changes in (
        ("warm", []),
        ("fresh", ["nas.inherit=false", f"nas.steps={FRESH_STEPS}"]),
    ):
        config = load_config(arguments.config, changes)
        judge, nas, scores[name] = Judge(config), config.nas, []
        if not shared:
            ms = [milliseconds(judge, genotype) for genotype in (PHOTONET, *genotypes)]
            shared = [
                nas.operators * genotype.share + nas.latency * one / ms[0]
                for genotype, one in zip(genotypes, ms[1:], strict=True)
            ]
        steps[name] = nas.steps
        for genotype in genotypes:
            one = judge.judge(genotype)
            scores[name].append(nas.error * one.error + nas.perception * one.perception)
            print(name, str(genotype), scores[name][-1], flush=True)
    whole = {name: np.add(values, shared) for name, values in scores.items()}
    result = {
        "rank_correlation": float(spearmanr(scores["warm"], scores["fresh"]).statistic),
        "rank_correlation_objective": float(spearmanr(whole["warm"], whole["fresh"]).statistic),
        "rank_genotypes": GENOTYPES,
        "rank_steps": steps,
        "rank_scores": scores,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


def milliseconds(judge: Judge, genotype: Genotype) -> float:
    """Predicted, as the search does."""
    nas, stages = judge.config.nas, judge.oracle.encoder_stages
    network = build(photo_spec(genotype, nas.priced, stages))
    return float(SpeedModel.load(nas.device).latency(network.kernels()))


if __name__ == "__main__":
    main()
