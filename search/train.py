"""Train a teacher: the recipe from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import UsageError
from ..networks import ModelCard, save
from .companions import save_companions
from .config import Config
from .data import load_data, make_batches
from .divergence import LossWatch, Pace, PictureWatch, run_steps
from .fresh import fresh_generator
from .group import Group
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

    Under torchrun the processes share each batch; the first one writes. A kill at any instant
    loses at most `train.checkpoint_every` steps; resumed on a CPU with the same number of threads
    it goes on bit for bit.

    Returns:
        The path of the trained model.

    Raises:
        TrainingDiverged: a second time, after a rollback; the last checkpoint is kept.
        UsageError: a batch that the processes cannot share evenly.
    """
    group = Group()
    device = fastest_device()
    config = with_precision(config, device)
    settings = config.train
    if settings.batch % (group.size * settings.accumulate):
        raise UsageError(
            f"train.batch = {settings.batch} cannot be shared evenly by {group.size} processes "
            f"with train.accumulate = {settings.accumulate}"
        )
    torch.manual_seed(settings.seed)
    generator = fresh_generator(config, device)
    run = RunDirectory(out, config, resume=resume, writes=group.first)
    data = load_data(config, report)
    batches = make_batches(config, data, settings.batch)
    learner = Learner(generator, OBJECTIVES[settings.objective](generator, config, device), config)
    watch, pictures = LossWatch(), PictureWatch()
    start, pace = 0, Pace()

    def take_up(state: dict[str, Any]) -> int:
        learner.load(state)
        pace.slower, watch.first = state["slower"], state["first_losses"]
        return state["step"]

    if not group.first:
        group.wait()  # the first process decides what the run begins with
    if (state := run.restore()) is not None:
        start = take_up(state)
    if group.first:
        group.wait()
    shown = torch.cat([batches.at(step, device)[0] for step in range(SAMPLES)])[:SAMPLES]

    def step(number: int) -> None:
        share = pace.slower * learning_rate_at(number, settings.steps, 1.0)
        learner.set_rate(share, settings.learning_rate)
        x, y = (group.part(batch) for batch in batches.at(number, device))
        terms = learner.losses(x, y, number)
        means = {name: group.mean(term) for name, term in terms.items()}
        values = run.finite(means, number, rate_key="train.learning_rate")
        watch.see(values["loss"], number)
        pictures.see(float(group.mean(learner.objective.made.std())), number)
        learner.descend(terms)

        if number % settings.log_every == 0:
            run.log(number, values)
        if number % settings.sample_every == 0:
            with torch.no_grad():
                run.sample(f"{number:07d}", [shown, learner.result(shown)])
        due = watch.calm and pictures.calm and (number + 1) % settings.checkpoint_every == 0
        if due or number + 1 == settings.steps:
            run.checkpoint(
                {
                    "step": number + 1,
                    "slower": pace.slower,
                    "first_losses": watch.first,
                    **learner.state(),
                }
            )
        if group.first:
            report("train", number + 1, settings.steps)

    run_steps(start, settings.steps, step, pace, run.restore, take_up)
    path = run.path / "model.safetensors"
    if group.first:
        save(path, learner.result, ModelCard(run.path.name, provenance=provenance(config, data)))
        save_companions(run.path, learner.objective.companions())
        write_run_report(run.path)
    return path
