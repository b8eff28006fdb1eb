"""Search a network that meets a latency target, then fine-tune it: the recipe from top to bottom.

1. The supernet is the teacher with a mask on every width and a gate on every residual block; what
   matters least starts nearest to its threshold.
2. Warm-up: weights alone. Then v and alpha move too, pulled by the loss and by the latency term.
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
from ..latency_model import SpeedModel, device_names, total_macs
from ..networks import (
    Gate,
    ModelCard,
    Spec,
    build,
    clamp_rho,
    compact,
    is_open,
    load,
    save,
    searchable,
    start_search,
    ugatit_spec,
)
from .config import Config
from .data import load_data, make_batches
from .importance import spread_by_importance
from .latency_term import LatencyTerm, land_on_target
from .objectives import OBJECTIVES, Distilled, Objective
from .optimizers import adam, autocast, load_optimizer, set_learning_rate
from .provenance import provenance
from .report import write_run_report
from .run_directory import Report, RunDirectory
from .shipped import resolve_model
from .train import SAMPLES, learning_rate_at

GATE_PACE = 0.5  # of alpha's learning rate to v's: one gate weighs as much as tens of channels
HYSTERESIS = 0.3  # of alpha_2 - alpha_1; without it all gates flicker around the threshold together


def search(config: Config, out: Path, *, resume: bool, report: Report) -> Path:
    """Search and fine-tune; writes `out/model.safetensors`, the compact student.

    Resumable at any instant like `train`.

    Raises:
        UnreachableTarget: the target lies below what the search space holds.
        TrainingDiverged: a loss is not finite; the last checkpoint is kept.
    """
    settings = config.search
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.train.seed)
    supernet, teacher = _start(config, device)
    full = supernet.spec
    start_search(supernet, settings.keep_at_least)
    supernet.to(device)
    latency_term = LatencyTerm(
        supernet, settings.device, settings.target_ms, settings.steps, settings.anneal
    )
    widths, gates = searchable(supernet)
    run = RunDirectory(out, config, resume=resume)
    data = load_data(config, report)
    state = run.restore()
    batches = make_batches(config, data, settings.batch)
    shown = batches.at(0, device)[0][:SAMPLES]
    if state is None:
        spread_by_importance(supernet, shown, settings.spread)

    generator, phase, start = supernet, "search", 0
    objective = _objective(supernet, teacher, config, device)
    if state is not None:
        phase, start = state["phase"], state["step"]
        if phase == "fine-tune":
            generator = build(Spec.from_json(state["spec"]))
            generator = generator.to(device, memory_format=torch.channels_last)
        generator.load_state_dict(state["generator"])
    objective.generator = generator
    optimizer = _optimizer(generator, objective, config)
    mask_optimizer = torch.optim.Adam(
        [{"params": [width.v for width in widths]}, {"params": [gate.alpha for gate in gates]}],
        betas=(0.5, 0.99),
    )
    if state is not None:
        objective.load(state["objective"])
        load_optimizer(optimizer, state["optimizer"])
        load_optimizer(mask_optimizer, state["mask_optimizer"])
        latency_term.price = state["price"]

    def checkpoint(step: int) -> None:
        run.checkpoint(
            {
                "phase": phase,
                "step": step,
                "spec": generator.spec.to_json(),
                "generator": generator.state_dict(),
                "optimizer": optimizer.state_dict(),
                "mask_optimizer": mask_optimizer.state_dict(),
                "objective": objective.state(),
                "price": latency_term.price,
            }
        )

    warm_up = round(settings.steps * settings.warm_up)
    total = settings.steps + settings.fine_tune_steps
    for step in range(start, total):
        if step == settings.steps and phase == "search":
            phase = "fine-tune"
            land_on_target(supernet, latency_term.model, settings.target_ms)
            generator = compact(supernet).to(memory_format=torch.channels_last)
            objective.generator = generator
            if isinstance(objective, Distilled):
                objective.kept = {width.name: width.kept for width in widths}
            optimizer = _optimizer(generator, objective, config)
        searching = phase == "search"
        moving = searching and step >= warm_up

        rate = settings.learning_rate
        if not searching:
            rate = learning_rate_at(step - settings.steps, settings.fine_tune_steps, rate)
        set_learning_rate(rate, optimizer, *objective.optimizers())
        # a bank's batches come round again: the teacher's answers are remembered by their number
        number = step % settings.bank if settings.bank and not searching else step
        x, y = batches.at(number, device)
        with autocast(config, device):
            terms = objective.losses(x, y, number)
        if moving:
            terms["latency"] = latency_term(step)
        values = run.finite(terms, step, rate_key="search.learning_rate")
        optimizer.zero_grad()
        mask_optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
        if moving:
            rate = learning_rate_at(step, settings.steps, settings.mask_rate, settings.anneal)
            for group, pace in zip(mask_optimizer.param_groups, (1.0, GATE_PACE), strict=True):
                group["lr"] = rate * pace
            was_open = [is_open(gate) for gate in gates]
            mask_optimizer.step()
            for gate, before in zip(gates, was_open, strict=True):
                if is_open(gate) != before:
                    _stay(gate)
        for network in (generator, *objective.partners()):
            clamp_rho(network)

        if step % config.train.log_every == 0:
            line = dict(values)
            if searching:
                line["predicted_ms"] = latency_term.predict()
                line["target_ms"] = latency_term.target_at(step)
                line["price"] = latency_term.price
                line |= {f"width/{w.name}": len(w.kept) for w in widths}
                line |= {f"gate/{i}": float(is_open(gate)) for i, gate in enumerate(gates)}
            run.log(step, line)
        if step % config.train.sample_every == 0:
            with torch.no_grad():
                run.sample(f"{step:07d}", [shown, generator(shown)])
        if (step + 1) % config.train.checkpoint_every == 0 or step + 1 == total:
            checkpoint(step + 1)
        if searching:
            report("search", step + 1, settings.steps)
        else:
            report("fine-tune", step + 1 - settings.steps, settings.fine_tune_steps)

    path = run.path / "model.safetensors"
    save(path, generator, _card(run, generator, full, config, data))
    write_run_report(run.path)
    return path


def _start(config: Config, device: torch.device) -> tuple[nn.Module, nn.Module | None]:
    """The network to prune and a fixed copy of it; without a teacher, a fresh one and None."""
    settings = config.search
    if settings.teacher is None:
        if settings.loss == "distill":
            raise UsageError('search.loss = "distill" needs search.teacher')
        spec = ugatit_spec(config.data.size, config.network.base, config.network.blocks)
        return build(spec).to(device, memory_format=torch.channels_last), None
    path = resolve_model(settings.teacher)
    supernet, teacher = (
        load(path)[0].to(device, memory_format=torch.channels_last) for _ in range(2)
    )
    if supernet.spec.size != config.data.size:
        raise UsageError(
            f"data.size is {config.data.size}, but the teacher was trained at "
            f"{supernet.spec.size}; they must be equal"
        )
    return supernet.train(), teacher.requires_grad_(False)


def _objective(
    generator: nn.Module, teacher: nn.Module | None, config: Config, device: torch.device
) -> Objective:
    if config.search.loss == "distill":
        return Distilled(generator, teacher, config)
    return OBJECTIVES[config.train.objective](generator, config, device)


def _optimizer(generator: nn.Module, objective: Objective, config: Config) -> torch.optim.Adam:
    """Adam over the weights; v and alpha have an optimiser of their own."""
    weights = [
        parameter
        for network in (generator, *objective.partners())
        for name, parameter in network.named_parameters()
        if not name.endswith((".v", ".alpha"))
    ]
    return adam(
        weights,
        config.search.learning_rate,
        config.train.weight_decay,
    )


@torch.no_grad()
def _stay(gate: Gate) -> None:
    """Move a gate that has just crossed its threshold well to the other side."""
    lead = HYSTERESIS if is_open(gate) else -HYSTERESIS
    middle = gate.alpha.mean()
    gate.alpha.copy_(torch.stack((middle - lead / 2, middle + lead / 2)))


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
        "predicted_ms": {
            name: SpeedModel.load(name).latency(student.kernels()) for name in device_names()
        },
    }
    return ModelCard(run.path.name, provenance=provenance(config, data, **more))
