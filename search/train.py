"""Train a teacher: the recipe from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import UsageError
from ..networks import save
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
from .provenance import card, provenance
from .report import LiveReport, write_run_report
from .run_directory import Report, RunDirectory
from .samples import sample_rows, shown_pictures


def train(config: Config, out: Path, *, resume: bool, report: Report) -> Path:
    """Train the configured generator and write `out/model.safetensors`.

    Under torchrun the processes share each batch; the first one writes. A signal that can be
    caught loses nothing, a kill at any instant at most `train.checkpoint_every` steps; resumed on
    a CPU with the same number of threads it goes on bit for bit.

    Returns:
        The path of the trained model.

    Raises:
        TrainingDiverged: a second time, after a rollback; the last checkpoint is kept.
        UsageError: a batch that the processes cannot share evenly; another process writes to `out`.
        Interrupted: by a signal; a checkpoint is kept.
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
    with RunDirectory.held(out, config, resume=resume, writes=group.first) as run:
        data = load_data(config, report)
        batches = make_batches(config, data, settings.batch)
        learner = Learner(
            generator, OBJECTIVES[settings.objective](generator, config, device), config
        )
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
        shown, live = shown_pictures(batches, device), LiveReport(run.path)

        def checkpoint(done: int) -> None:
            state = {"step": done, "slower": pace.slower, "first_losses": watch.first}
            run.checkpoint(state | learner.state())

        def keep(done: int) -> None:
            if watch.calm and pictures.calm:
                checkpoint(done)

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

            last = number + 1 == settings.steps
            if last or number % settings.log_every == 0:
                run.log(number, values)
            if last or number % settings.sample_every == 0:
                run.sample(number, sample_rows(config, learner.result, *shown))
            if last:
                checkpoint(number + 1)
            elif (number + 1) % settings.checkpoint_every == 0:
                keep(number + 1)
            if group.first:
                report("train", number + 1, settings.steps)
                live.write()

        run_steps(start, settings.steps, step, pace, run, take_up, keep)
        path = run.path / "model.safetensors"
        if group.first:
            made = provenance(config, data)
            save(path, learner.result, card(config, run.path.name, made, settings.start))
            save_companions(run.path, learner.objective.companions())
            write_run_report(run.path)
        return path
