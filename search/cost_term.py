"""The latency term of the search (eq. 10), its annealed target, and the last step onto the target.

The term is price * max(0, cost / target(t) - 1). The cost is a phone's latency, or MACs where no
phone is in view. target(t) falls linearly from the full network's cost to the wished one and then
stays; the price rises while the supernet is above target(t) and falls while it is below.

Adam divides each gradient by its own root mean square, so v drifts down at a rate of about
price * (cost saved) / (root mean square of the loss's gradient): channels that matter little and
save much go first, one after the other as the price rises. A fixed price has to be found anew for
every loss, and one that is too high moves everything at the same rate, so that whole layers and all
blocks close together (docs/search.md has the measurements).
"""

from __future__ import annotations

import math
from operator import attrgetter

import torch
from torch import Tensor

from ..errors import UnreachableTarget, UsageError
from ..networks import THRESHOLD, Width, is_open
from .supernet_cost import SupernetCost

FIRST_PRICE = 20.0
PRICE_SPAN = 8.0  # in a whole search the price can grow e^8 times at most
FULL_SPEED = 0.1  # excess from which on the price moves at its full rate


class CostTerm:
    """The penalty of one supernet.

    Attributes:
        price: the multiplier of eq. 10's latency term; state of the search.

    Args:
        target: the wished cost, in the cost's unit.
        steps: search steps; the target is reached after `anneal` (0..1] of them.

    Raises:
        UnreachableTarget: below what the smallest network of the search space costs.
        UsageError: the full network is that cheap already.
    """

    def __init__(self, cost: SupernetCost, target: float, steps: int, anneal: float):
        self.cost, self.target, self.steps = cost, target, steps
        self.annealing_steps = max(1, round(steps * anneal))
        self.price = FIRST_PRICE
        self.full = cost.predict()
        smallest = smallest_cost(cost)
        if target < smallest:
            raise UnreachableTarget(
                f"{cost.told(target)} is out of reach: the smallest network of this search space "
                f"takes {cost.told(smallest)}"
            )
        if target >= self.full:
            raise UsageError(
                f"nothing to search: the full network takes {cost.told(self.full)}, "
                f"the target is {cost.told(target)}"
            )

    def target_at(self, step: int) -> float:
        """The target of a step, in the cost's unit."""
        progress = min(1.0, (step + 1) / self.annealing_steps)
        return self.full + (self.target - self.full) * progress

    def __call__(self, step: int) -> Tensor:
        """The term of a step, differentiable in v and alpha; the price follows the excess."""
        excess = self.cost() / self.target_at(step) - 1
        term = self.price * excess.clamp(min=0)
        direction = max(-1.0, min(1.0, float(excess.detach()) / FULL_SPEED))
        self.price = max(FIRST_PRICE, self.price * math.exp(PRICE_SPAN * direction / self.steps))
        return term


@torch.no_grad()
def smallest_cost(cost: SupernetCost) -> float:
    """The cost with one block a stage and every width at its minimum."""
    widths, gates = cost.widths, cost.gates
    parameters = [width.v for width in widths] + [gate.alpha for gate in gates]
    before = [parameter.clone() for parameter in parameters]
    for width in widths:
        width.v.zero_()
    for gate in gates:
        gate.alpha.copy_(torch.tensor([1.0, 0.0]))
    smallest = cost.predict()
    for parameter, value in zip(parameters, before, strict=True):
        parameter.copy_(value)
    return smallest


@torch.no_grad()
def land_on_target(cost: SupernetCost, target: float) -> None:
    """Move the last channels and blocks so that the cost is as close below the target as can be.

    The annealed term ends within some percent of the target, on either side. Above it, the open
    channels with the smallest v close one by one (where all widths are at their minimum, the
    weakest blocks). Below it, what closed last comes back: blocks that still fit, then channels.
    """
    widths, gates = cost.widths, cost.gates

    def fits() -> bool:
        return cost.predict() <= target

    while not fits():
        if wide := [width for width in widths if len(width.kept) > width.minimum]:
            weakest = min(wide, key=lambda width: float(width.v[width.kept].min()))
            kept = weakest.kept
            channel = kept[weakest.v[kept].argmin()]
            # closed, above all that the search closed, and the strongest highest
            weakest.v[channel] = THRESHOLD - 1e-3 * (1 - weakest.v[channel].clamp(max=1))
        else:
            running = [gate for gate in gates if gate.lead >= 0]
            min(running, key=attrgetter("lead")).alpha.copy_(torch.tensor([1e-3, 0.0]))
    for gate in gates:  # those that stay as the last of a stage must not give way to others
        if is_open(gate):
            gate.alpha.copy_(torch.tensor([0.0, 1.0]))
    for gate in sorted(
        (gate for gate in gates if not is_open(gate)), key=attrgetter("lead"), reverse=True
    ):
        closed = gate.alpha.clone()
        gate.alpha.copy_(torch.tensor([0.0, 1.0]))
        if not fits():
            gate.alpha.copy_(closed)
    for width in widths:  # those that only the minimum holds open must not give way to others
        width.v[width.kept] = 1.0
    closed_channels = [
        (float(width.v[i]), width, i)
        for width in widths
        for i in set(range(width.channels)) - set(width.kept.tolist())
    ]
    full: set[Width] = set()  # a weaker channel must not come back where a stronger could not
    for value, width, i in sorted(closed_channels, key=lambda item: -item[0]):
        if width in full:
            continue
        width.v[i] = 1.0
        if not fits():
            width.v[i] = value
            full.add(width)
