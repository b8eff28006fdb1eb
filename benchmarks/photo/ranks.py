"""Does a warm start keep the ranking? Genotypes judged as StyleNAS does, and trained from nothing.

    python benchmarks/photo/ranks.py --config runs/nas/evolution/config.toml --out RANKS

Spearman's rank correlation of the objective between decoders that inherit PhotoNet's weights and
train for `nas.steps`, and decoders of random weights that train for many more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

import torch
from pocketstyle.networks import Genotype
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
    scores, steps = {}, {}
    for name, changes in (
        ("warm", []),
        ("fresh", ["nas.inherit=false", f"nas.steps={FRESH_STEPS}"]),
    ):
        config = load_config(arguments.config, changes)
        judge, nas, scores[name] = Judge(config), config.nas, []
        steps[name] = nas.steps
        for genotype in genotypes:
            one = judge.judge(genotype)
            score = nas.error * one.error + nas.perception * one.perception
            scores[name].append(score + nas.operators * genotype.share)
            print(name, str(genotype), scores[name][-1], flush=True)
    result = {
        "rank_correlation": float(spearmanr(scores["warm"], scores["fresh"]).statistic),
        "rank_genotypes": GENOTYPES,
        "rank_steps": steps,
        "rank_scores": scores,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
