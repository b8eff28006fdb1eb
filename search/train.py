"""Train a teacher: the recipe from top to bottom."""

from __future__ import annotations

from pathlib import Path

import torch

from ..networks import ModelCard, save
from .config import Config
from .data import load_data, make_batches
from .fresh import fresh_generator
from .hardware import fastest_device
from .learner import Learner
from .objectives import OBJECTIVES
from .optimizers import learning_rate_at
from .precision import with_precision
from .provenance import provenance
from .report import write_run_report
from .run_directory import Report, RunDirectory

SAMPLES = 8  # pictures in a sample sheet


def train(config: Config, out: Path, *, resume: bool, report: Report) -> Path:
    """Train the configured generator and write `out/model.safetensors`.

    A kill at any instant loses at most `train.checkpoint_every` steps; resumed on a CPU with the
    same number of threads it goes on bit for bit.

    Returns:
        The path of the trained model.

    Raises:
        TrainingDiverged: a loss is not finite; the last checkpoint is kept.
    """
    device = fastest_device()
    config = with_precision(config, device)
    settings = config.train
    run = RunDirectory(out, config, resume=resume)
    data = load_data(config, report)
    batches = make_batches(config, data, settings.batch)

    torch.manual_seed(settings.seed)
    generator = fresh_generator(config, device)
    learner = Learner(generator, OBJECTIVES[settings.objective](generator, config, device), config)
    start = 0
    if (state := run.restore()) is not None:
        start = state["step"]
        learner.load(state)
    shown = torch.cat([batches.at(step, device)[0] for step in range(SAMPLES)])[:SAMPLES]

    for step in range(start, settings.steps):
        learner.set_rate(learning_rate_at(step, settings.steps, settings.learning_rate))
        terms = learner.losses(*batches.at(step, device), step)
        values = run.finite(terms, step, rate_key="train.learning_rate")
        learner.descend(terms)

        if step % settings.log_every == 0:
            run.log(step, values)
        if step % settings.sample_every == 0:
            with torch.no_grad():
                run.sample(f"{step:07d}", [shown, generator(shown)])
        if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.steps:
            run.checkpoint({"step": step + 1, **learner.state()})
        report("train", step + 1, settings.steps)

    path = run.path / "model.safetensors"
    save(path, generator, ModelCard(run.path.name, provenance=provenance(config, data)))
    write_run_report(run.path)
    return path
