"""What a user would do instead of a search: other ways to a network of the same latency.

Each gives a network that is no slower than `target_ms` and, by width, which of the teacher's
channels it has; `distil` then trains it as the search's student is trained, for as long as asked.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import torch
from pocketstyle.datasets import PictureSet
from pocketstyle.latency_model import SpeedModel
from pocketstyle.networks import Concatenation, build, compact, start_search
from pocketstyle.search.config import Config
from pocketstyle.search.cost_term import land_on_target
from pocketstyle.search.data import make_batches
from pocketstyle.search.distilled import Distilled
from pocketstyle.search.hardware import fastest_device
from pocketstyle.search.learner import Learner
from pocketstyle.search.optimizers import learning_rate_at
from pocketstyle.search.precision import with_precision
from pocketstyle.search.supernet_cost import SupernetLatency
from torch import Tensor, nn

Pruned = tuple[nn.Module, dict[str, Tensor]]


@torch.no_grad()
def norms(network: nn.Module) -> dict[str, Tensor]:
    """L2 norm of everything that writes each channel, by width group."""
    total = {name: torch.zeros(width.channels) for name, width in network.widths.items()}
    for module in network.modules():
        axes = getattr(module, "axes", {}).get("weight", ())
        if "out" not in axes:
            continue
        square = module.weight.square().transpose(0, axes.index("out")).flatten(1).sum(1)
        written = module.out_width
        parts = written.parts if isinstance(written, Concatenation) else (written,)
        for part, values in zip(parts, square.split([p.channels for p in parts]), strict=True):
            if part.name in total:  # not the picture
                total[part.name] += values
    return {name: square.sqrt() for name, square in total.items()}


def uniform(teacher: nn.Module, device: str, target_ms: float) -> Pruned:
    """The teacher's plan with every width the same share, to be trained from scratch."""
    model, spec = SpeedModel.load(device), teacher.spec
    for share in (thousandths / 1000 for thousandths in range(999, 0, -1)):
        widths = {name: max(1, round(share * n)) for name, n in spec.widths.items()}
        network = build(replace(spec, widths=widths))
        if model.latency(network.kernels()) <= target_ms:
            torch.manual_seed(0)
            return build(network.spec), {}
    raise SystemExit(f"no uniform width takes {target_ms:g} ms on {device}")


def magnitude(teacher: nn.Module, device: str, target_ms: float, keep_at_least: float) -> Pruned:
    """Without the channels of the smallest norms, relative to their group's mean: DepGraph's
    global ranking (Fang et al. 2023) on the groups that Widths are."""
    strengths = {name: norm / norm.mean() for name, norm in norms(teacher).items()}
    return _landed(teacher, device, target_ms, keep_at_least, strengths)


def random_widths(
    teacher: nn.Module, device: str, target_ms: float, keep_at_least: float, seed: int
) -> Pruned:
    """Without channels that a die has chosen, from some groups more than from others."""
    random = torch.Generator().manual_seed(seed)
    strengths = {
        name: torch.rand(width.channels, generator=random) + torch.rand(1, generator=random)
        for name, width in teacher.widths.items()
    }
    return _landed(teacher, device, target_ms, keep_at_least, strengths)


def _landed(
    teacher: nn.Module,
    device: str,
    target_ms: float,
    keep_at_least: float,
    strengths: dict[str, Tensor],
) -> Pruned:
    """The weakest channels closed one by one until the target is met; every block stays."""
    start_search(teacher, keep_at_least)
    largest = max(float(strength.max()) for strength in strengths.values())
    for name, strength in strengths.items():
        with torch.no_grad():
            teacher.widths[name].v.copy_(0.5 + 0.5 * (strength + 1e-3) / (largest + 1e-3))
    land_on_target(SupernetLatency(teacher, device), target_ms)
    return compact(teacher), {name: width.kept for name, width in teacher.widths.items()}


def distil(
    pruned: Pruned,
    teacher: nn.Module,
    config: Config,
    data: tuple[PictureSet, PictureSet],
    seconds: float,
) -> tuple[nn.Module, int, float]:
    """Train it as the search's student is, for so many seconds: network, steps, seconds spent.

    A network without the teacher's channels is taught its pictures alone.
    """
    network, kept = pruned
    settings = config.search
    if not kept:
        settings = settings.model_copy(update={"features": 0.0})
        config = config.model_copy(update={"search": settings})
    device = fastest_device()
    config = with_precision(config, device)  # as the search does
    network = network.train().to(device, memory_format=torch.channels_last)
    teacher = teacher.requires_grad_(False).to(device, memory_format=torch.channels_last)
    batches = make_batches(config, data, settings.batch)
    objective = Distilled(network, teacher, config)
    objective.kept = kept
    learner = Learner(network, objective, config)
    start, step = perf_counter(), 0
    while (elapsed := perf_counter() - start) < seconds:
        progress = int(1e6 * elapsed / seconds)
        learner.set_rate(learning_rate_at(progress, 10**6, settings.learning_rate))
        number = step % settings.bank if settings.bank else step
        learner.descend(learner.losses(*batches.at(number, device), number))
        step += 1
    return learner.result.eval(), step, elapsed
