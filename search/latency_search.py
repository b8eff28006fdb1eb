"""Search a network that meets a latency target, then fine-tune it: the recipe from top to bottom.

1. The supernet is the teacher, or a fresh network of the family that the configuration names, with
   a mask on every width and a gate on every choice.
2. Warm-up: weights alone. Then the masks start by importance rank, and v and alpha move too, pulled
   by the loss and by the latency term.
3. The last channels close or come back until the latency is just below the target.
4. compact: what is masked is gone.
5. Fine-tuning with the same loss; the learning rate falls as in training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..datasets import PictureSet
from ..errors import UsageError
from ..latency_model import predict_all, total_macs
from ..networks import (
    STYLE_SPECS,
    Gate,
    ModelCard,
    Spec,
    at_frame,
    build,
    compact,
    is_open,
    load,
    save,
    start_search,
)
from .companions import take_up_companions
from .config import STYLED, Config
from .cost_term import CostTerm, land_on_target
from .data import load_data, make_batches
from .distilled import Distilled
from .divergence import Pace, PictureWatch, run_steps
from .fresh import fresh_generator
from .group import Group
from .hardware import fastest_device
from .importance import spread_by_importance
from .learner import Learner
from .mask_optimizer import MaskOptimizer
from .objectives import OBJECTIVES, Objective
from .optimizers import learning_rate_at
from .precision import autocast, with_precision
from .provenance import card, provenance
from .report import LiveReport, write_run_report
from .run_directory import Report, RunDirectory
from .samples import sample_rows, shown_pictures
from .shipped import resolve_model
from .stylization import Stylization
from .supernet_cost import SupernetLatency, SupernetMacs


def search(config: Config, out: Path, *, resume: bool, report: Report) -> Path:
    """Search and fine-tune; writes `out/model.safetensors`, the compact student.

    Resumable at any instant like `train`.

    Raises:
        UnreachableTarget: the target lies below what the search space holds.
        TrainingDiverged: a second time, after a rollback; the last checkpoint is kept.
        UsageError: started as several processes, or with parts that do not fit its batch; another
            process writes to `out`.
        Interrupted: by a signal; a checkpoint is kept.
    """
    if Group().size > 1:
        raise UsageError("a search runs in one process; --targets spreads several over a cluster")
    device = fastest_device()
    config = with_precision(config, device)
    settings, parts = config.search, config.train.accumulate
    if settings.batch % parts:
        raise UsageError(
            f"search.batch = {settings.batch} is no multiple of train.accumulate = {parts}"
        )
    if settings.bank and parts > 1:
        raise UsageError("search.bank and train.accumulate do not go together")
    torch.manual_seed(config.train.seed)
    supernet, teacher = _start(config, device)
    full = supernet.spec
    config = _with_family(config, full)
    start_search(supernet, settings.keep_at_least)
    supernet.to(device)
    latency = SupernetLatency(supernet, settings.device)
    cost, target = latency, settings.target_ms
    if settings.target_mmacs is not None:
        cost, target = SupernetMacs(supernet), settings.target_mmacs
    cost_term = CostTerm(cost, target, settings.steps, settings.anneal)
    widths = cost.widths
    named_gates = [
        (name.split(".")[-2], module)  # STAGE.BLOCK.gate
        for name, module in supernet.named_modules()
        if isinstance(module, Gate)
    ]
    with RunDirectory.held(out, config, resume=resume) as run:
        data = load_data(config, report)
        state = run.restore()
        batches = make_batches(config, data, settings.batch)
        shown, live = shown_pictures(batches, device), LiveReport(run.path)
        learner = Learner(supernet, _objective(supernet, teacher, config, device), config)
        mask_optimizer, pictures = MaskOptimizer(supernet), PictureWatch()
        phase, start, pace = "search", 0, Pace()

        def take_up(state: dict[str, Any]) -> int:
            nonlocal phase
            phase, pace.slower = state["phase"], state["slower"]
            generator = supernet
            if phase == "fine-tune":
                student = build(Spec.from_json(state["spec"]))
                generator = student.to(device, memory_format=torch.channels_last)
            learner.follow(generator)
            learner.load(state)
            mask_optimizer.load(state["mask_optimizer"])
            cost_term.price = state["price"]
            return state["step"]

        def checkpoint(step: int) -> None:
            run.checkpoint(
                {
                    "phase": phase,
                    "step": step,
                    "slower": pace.slower,
                    "spec": learner.generator.spec.to_json(),
                    **learner.state(),
                    "mask_optimizer": mask_optimizer.state(),
                    "price": cost_term.price,
                }
            )

        def keep(step: int) -> None:
            if pictures.calm:
                checkpoint(step)

        if state is not None:
            start = take_up(state)
        warm_up = round(settings.steps * settings.warm_up)
        total = settings.steps + settings.fine_tune_steps

        def one_step(step: int) -> None:
            nonlocal phase
            if step == settings.steps and phase == "search":
                phase = "fine-tune"
                land_on_target(cost, target)
                learner.follow(compact(supernet).to(memory_format=torch.channels_last))
                if isinstance(learner.objective, Distilled | Stylization):
                    learner.objective.kept = {width.name: width.kept for width in widths}
            searching = phase == "search"
            moving = searching and step >= warm_up
            if searching and step == warm_up:
                with autocast(config, device):
                    spread_by_importance(supernet, shown[0], settings.spread)

            share = pace.slower
            if not searching:
                share *= learning_rate_at(step - settings.steps, settings.fine_tune_steps, 1.0)
            learner.set_rate(share, settings.learning_rate)
            # a bank's batches come again: the teacher's answers are remembered by their number
            again = isinstance(learner.objective, Distilled) and learner.objective.remembers()
            number = step % settings.bank if again else step
            mask_optimizer.zero_grad()
            terms = learner.losses(*batches.at(number, device), number)
            if moving:
                terms["cost"] = cost_term(step)
            values = run.finite(terms, step, rate_key="search.learning_rate")
            pictures.see(float(learner.objective.made.std()), step)
            learner.descend(terms)
            if moving:
                mask_optimizer.step(
                    pace.slower
                    * learning_rate_at(step, settings.steps, settings.mask_rate, settings.anneal)
                )

            last = step + 1 == total
            if last or step % config.train.log_every == 0 or step == settings.steps:
                line = dict(values)
                if searching:
                    line["predicted_ms"] = latency.predict()
                    line[f"predicted_{cost.unit}"] = cost.predict()
                    line[f"target_{cost.unit}"] = cost_term.target_at(step)
                    line["price"] = cost_term.price
                    line |= {f"width/{w.name}": len(w.kept) for w in widths}
                    line |= {f"gate/{name}": float(is_open(gate)) for name, gate in named_gates}
                elif step == settings.steps:  # where the landing led
                    line["predicted_ms"] = latency.predict()
                    line[f"predicted_{cost.unit}"] = cost.predict()
                run.log(step, line)
            if last or step % config.train.sample_every == 0:
                run.sample(step, sample_rows(config, learner.result, *shown, teacher))
            if last:
                checkpoint(step + 1)
            elif (step + 1) % config.train.checkpoint_every == 0:
                keep(step + 1)
            if searching:
                report("search", step + 1, settings.steps)
            else:
                report("fine-tune", step + 1 - settings.steps, settings.fine_tune_steps)
            live.write()

        run_steps(start, total, one_step, pace, run, take_up, keep)
        path = run.path / "model.safetensors"
        save(path, learner.result, _card(run, learner.result, full, config, data))
        write_run_report(run.path)
        return path


def _start(config: Config, device: torch.device) -> tuple[nn.Module, nn.Module | None]:
    """The network to prune and, to distil, the teacher.

    The first is fresh without a teacher, or where `network.family` names another than its.
    """
    settings = config.search
    if settings.teacher is None:
        if settings.loss == "distill":
            raise UsageError('search.loss = "distill" needs search.teacher')
        return fresh_generator(config, device), None
    path = resolve_model(settings.teacher)

    def loaded() -> nn.Module:
        return load(path)[0].to(device, memory_format=torch.channels_last)

    teacher = loaded()
    if "family" in config.network.model_fields_set and not _of_family(config, teacher.spec):
        if settings.loss != "distill" or config.network.family not in STYLE_SPECS:
            raise UsageError(
                f'network.family = "{config.network.family}", but search.teacher is of '
                f'"{teacher.spec.family}"; a student of one style alone may be of another family '
                "than the teacher that it is distilled from"
            )
        return fresh_generator(config, device), teacher.requires_grad_(False)
    supernet = at_frame(teacher, config.data.frame).to(device).train()
    return supernet, loaded().requires_grad_(False) if settings.loss == "distill" else None


def _of_family(config: Config, spec: Spec) -> bool:
    """Whether a network is of the configured family; ArtNets are told by their weights."""
    return config.network.family in (spec.family, spec.family.partition("-")[0])


def _with_family(config: Config, spec: Spec) -> Config:
    """The configuration with the supernet's family, which chooses discriminators."""
    family = spec.family.partition("-")[0]
    family = family if family in STYLED else spec.family
    network = config.network.model_copy(update={"family": family})
    return config.model_copy(update={"network": network})


def _objective(
    generator: nn.Module, teacher: nn.Module | None, config: Config, device: torch.device
) -> Objective:
    if config.search.loss == "distill":
        objective = Distilled(generator, teacher, config)
    else:
        objective = OBJECTIVES[config.train.objective](generator, config, device)
    if config.search.teacher is not None:
        take_up_companions(resolve_model(config.search.teacher), objective.companions())
    return objective


def _card(
    run: RunDirectory,
    student: nn.Module,
    full: Spec,
    config: Config,
    data: tuple[PictureSet, PictureSet],
) -> ModelCard:
    more: dict[str, Any] = {
        "searched_from": {"spec": full.to_json(), "macs": total_macs(build(full).kernels())},
        "macs": total_macs(student.kernels()),
        "predicted_ms": predict_all(student.kernels()),
    }
    made = provenance(config, data, **more)
    return card(config, run.path.name, made, config.search.teacher or config.train.start)
