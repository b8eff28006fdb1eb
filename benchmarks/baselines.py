"""What a user would do instead of a search: other ways to a network of the same latency.

Each gives a network that is no slower than `target_ms` and, by width, which of the teacher's
channels it has; `distil` then trains it as the search's student is trained, for as long as asked.
"""

from __future__ import annotations

from copy import deepcopy
from time import perf_counter

import torch
from pocketstyle.datasets import PictureSet
from pocketstyle.latency_model import SpeedModel
from pocketstyle.networks import Concatenation, compact, start_search
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
def norms(network: nn.Module, axes: tuple[str, ...] = ("out",)) -> dict[str, Tensor]:
    """L2 norm of the weights of each channel, by width group.

    Args:
        axes: "out" for the weights that write the channel, "in" for those that read it.
    """
    total = {name: torch.zeros(width.channels) for name, width in network.widths.items()}
    for module in network.modules():
        own = getattr(module, "axes", {}).get("weight", ())
        for axis in set(axes) & set(own):
            square = module.weight.square().transpose(0, own.index(axis)).flatten(1).sum(1)
            group = module.out_width if axis == "out" else module.in_width
            parts = group.parts if isinstance(group, Concatenation) else (group,)
            for part, values in zip(parts, square.split([p.channels for p in parts]), strict=True):
                if part.name in total:  # not the picture
                    total[part.name] += values
    return {name: square.sqrt() for name, square in total.items()}


@torch.no_grad()
def with_share(network: nn.Module, share: float) -> Pruned:
    """The network with `share` of every width, the channels of the largest norms."""
    start_search(network, 1e-9)
    for name, strength in norms(network).items():
        width = network.widths[name]
        keep = max(1, round(share * width.channels))
        width.v.zero_()
        width.v[strength.topk(keep).indices] = 1.0
    return compact(network), {name: width.kept for name, width in network.widths.items()}


def uniform(teacher: nn.Module, device: str, target_ms: float) -> tuple[Pruned, float]:
    """`with_share` of the largest share, to a tenth of a percent, that meets the target."""
    model = SpeedModel.load(device)
    for share in (thousandths / 1000 for thousandths in range(999, 0, -1)):
        pruned = with_share(deepcopy(teacher), share)
        if model.latency(pruned[0].kernels()) <= target_ms:
            return pruned, share
    raise SystemExit(f"no uniform width takes {target_ms:g} ms on {device}")


def magnitude(teacher: nn.Module, device: str, target_ms: float, keep_at_least: float) -> Pruned:
    """Without the channels of the smallest norms, relative to their group's mean: a global ranking
    over everything that belongs to a channel, as DepGraph's (Fang et al. 2023)."""
    strengths = {n: norm / norm.mean() for n, norm in norms(teacher, ("out", "in")).items()}
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
    least: int = 0,
) -> tuple[nn.Module, int, float]:
    """Train it as the search's student is, for so many seconds and at least so many steps.

    Returns:
        The network, steps, and seconds spent.
    """
    network, kept = pruned
    settings = config.search
    device = fastest_device()
    config = with_precision(config, device)  # as the search does
    network = network.train().to(device, memory_format=torch.channels_last)
    teacher = teacher.requires_grad_(False).to(device, memory_format=torch.channels_last)
    batches = make_batches(config, data, settings.batch)
    objective = Distilled(network, teacher, config)
    objective.kept = kept
    learner = Learner(network, objective, config)
    start, step = perf_counter(), 0
    while (elapsed := perf_counter() - start) < seconds or step < least:
        progress = int(1e6 * min(elapsed / seconds, step / least if least else 1.0, 1.0))
        learner.set_rate(learning_rate_at(progress, 10**6, 1.0), settings.learning_rate)
        number = step % settings.bank if settings.bank else step
        learner.descend(learner.losses(*batches.at(number, device), number))
        step += 1
    return learner.result.eval(), step, elapsed
