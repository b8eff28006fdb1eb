"""One pruned network, taught by several recipes from the same weights on the same batches."""

from __future__ import annotations

from copy import deepcopy
from statistics import median
from time import perf_counter
from typing import Any

import torch
from baselines import magnitude
from pocketstyle.networks import load
from pocketstyle.search import Config, resolve_model
from pocketstyle.search.data import load_data, make_batches
from pocketstyle.search.distilled import Distilled
from pocketstyle.search.learner import Learner
from pocketstyle.search.optimizers import learning_rate_at
from torch import nn


def teach(
    config: Config, recipes: dict[str, dict[str, Any]], steps: int
) -> tuple[dict[str, nn.Module], dict[str, float]]:
    """Prune `search.teacher` by magnitude to `search.target_ms` and distil it by each recipe.

    Args:
        recipes: by name, the settings of `search` that it changes.

    Returns:
        The students by recipe, and the median seconds of a step.
    """
    settings = config.search
    path = resolve_model(settings.teacher)
    pruned, kept = magnitude(
        load(path)[0], settings.device, settings.target_ms, settings.keep_at_least
    )
    teacher = load(path)[0].requires_grad_(False).to(memory_format=torch.channels_last)
    batches = make_batches(config, load_data(config, lambda *_: None), settings.batch)
    learners = {}
    for name, changes in recipes.items():
        own = config.model_copy(update={"search": settings.model_copy(update=changes)})
        network = deepcopy(pruned).train().to(memory_format=torch.channels_last)
        objective = Distilled(network, teacher, own)
        objective.kept = kept
        learners[name] = Learner(network, objective, own)
    seconds = {name: [] for name in learners}
    for step in range(steps):
        share = learning_rate_at(step, steps, 1.0)
        batch = batches.at(step)
        for name, learner in learners.items():  # in turn: the hour is the same for all
            start = perf_counter()
            learner.set_rate(share, settings.learning_rate)
            learner.descend(learner.losses(*batch, step))
            seconds[name].append(perf_counter() - start)
    students = {name: learner.result.eval() for name, learner in learners.items()}
    return students, {name: median(times) for name, times in seconds.items()}
