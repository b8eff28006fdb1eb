"""Train a teacher: the recipe from top to bottom."""

from __future__ import annotations

from pathlib import Path

import torch

from ..networks import ModelCard, build, clamp_rho, save, ugatit_spec
from .config import Config
from .data import load_data, make_batches
from .objectives import OBJECTIVES
from .optimizers import adam, autocast, load_optimizer, set_learning_rate
from .provenance import provenance
from .report import write_run_report
from .run_directory import Report, RunDirectory

SAMPLES = 8  # pictures in a sample sheet


def learning_rate_at(step: int, steps: int, rate: float, fixed: float = 0.5) -> float:
    """The rate for the `fixed` share of the steps, then linearly to zero (paper, section 4)."""
    return rate * min(1.0, (steps - step) / (steps - min(steps - 1, fixed * steps)))


def train(config: Config, out: Path, *, resume: bool, report: Report) -> Path:
    """Train the configured generator and write `out/model.safetensors`.

    A kill at any instant loses at most `train.checkpoint_every` steps; resumed on a CPU with the
    same number of threads it goes on bit for bit.

    Returns:
        The path of the trained model.

    Raises:
        TrainingDiverged: a loss is not finite; the last checkpoint is kept.
    """
    settings = config.train
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = RunDirectory(out, config, resume=resume)
    data = load_data(config, report)
    batches = make_batches(config, data, settings.batch)

    torch.manual_seed(settings.seed)
    spec = ugatit_spec(config.data.size, config.network.base, config.network.blocks)
    generator = build(spec).to(device, memory_format=torch.channels_last)
    objective = OBJECTIVES[settings.objective](generator, config, device)
    networks = [generator, *objective.partners()]
    optimizer = adam(
        [parameter for network in networks for parameter in network.parameters()],
        settings.learning_rate,
        settings.weight_decay,
    )
    start = 0
    if (state := run.restore()) is not None:
        start = state["step"]
        generator.load_state_dict(state["generator"])
        load_optimizer(optimizer, state["optimizer"])
        objective.load(state["objective"])
    shown = batches.at(0, device)[0][:SAMPLES]

    for step in range(start, settings.steps):
        rate = learning_rate_at(step, settings.steps, settings.learning_rate)
        set_learning_rate(rate, optimizer, *objective.optimizers())
        x, y = batches.at(step, device)
        with autocast(config, device):
            terms = objective.losses(x, y, step)
        values = run.finite(terms, step, rate_key="train.learning_rate")
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
        for network in networks:
            clamp_rho(network)

        if step % settings.log_every == 0:
            run.log(step, values)
        if step % settings.sample_every == 0:
            with torch.no_grad():
                run.sample(f"{step:07d}", [shown, generator(shown)])
        if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.steps:
            run.checkpoint(
                {
                    "step": step + 1,
                    "generator": generator.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "objective": objective.state(),
                }
            )
        report("train", step + 1, settings.steps)

    path = run.path / "model.safetensors"
    save(path, generator, ModelCard(run.path.name, provenance=provenance(config, data)))
    write_run_report(run.path)
    return path
