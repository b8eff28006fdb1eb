"""Weights fitted anew behind removed channels, without training (He et al. 2017, step two)."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..importance import readers
from .passes import drawn

PLACES = 48  # of a picture, for each layer
RIDGE = 0.1  # pull to the weights that are there, as a share of the inputs' mean energy


@torch.no_grad()
def refit(small: nn.Module, whole: nn.Module, kept: dict[str, Tensor], pictures: Tensor) -> None:
    """Fit every layer of a pruned network to what the whole network's layer gives; in place.

    From the first to the last, so that each makes up for what those before it do otherwise: the
    least squares of its outputs at some places of every picture.

    Args:
        small: `without`'s.
        kept: by the name of a Width, the channels that are left, int64.
        pictures: uint8 [N, H, W, 3], a few hundred.
    """
    wanted = _sampled_outputs(whole, pictures)
    for name, module in readers(small).items():
        if name not in wanted or module.bias is None:
            continue
        inputs = torch.cat(_captured(small, module, pictures))  # [n, Cin k²]
        outputs = wanted[name]
        width = module.out_width.name
        if width in kept:
            outputs = outputs[:, kept[width]]
        ones = inputs.new_ones(len(inputs), 1)
        x = torch.cat((inputs, ones), 1).double()
        now = torch.cat((module.weight.flatten(1), module.bias[:, None]), 1).double().T
        change = _ridge(x, outputs.double() - x @ now)
        fitted = (now + change).T.float()
        module.weight.copy_(fitted[:, :-1].reshape_as(module.weight))
        module.bias.copy_(fitted[:, -1])


def _ridge(x: Tensor, rest: Tensor) -> Tensor:
    """argmin |x w - rest|² + ridge |w|², in whichever form is the smaller system."""
    n, d = x.shape
    ridge = RIDGE * float(x.square().sum()) / d + 1e-12
    if n >= d:
        return torch.linalg.solve(x.T @ x + ridge * torch.eye(d, dtype=x.dtype), x.T @ rest)
    return x.T @ torch.linalg.solve(x @ x.T + ridge * torch.eye(n, dtype=x.dtype), rest)


def _places(h: int, w: int, number: int) -> Tensor:
    """The same for the same map of the same picture."""
    chance = torch.Generator().manual_seed(number)
    return torch.randint(h * w, (PLACES,), generator=chance)


def _sampled_outputs(network: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """What every layer gives at its places, [n, Cout]."""
    found: dict[str, list[Tensor]] = {}

    def note(name: str, made: Tensor) -> None:
        own = found.setdefault(name, [])
        own.append(made[0].flatten(1)[:, _places(*made.shape[2:], len(own))].T)

    hooks = [
        module.register_forward_hook(lambda _, __, made, name=name: note(name, made))
        for name, module in readers(network).items()
    ]
    deque(drawn(network, pictures), 0)
    for hook in hooks:
        hook.remove()
    return {name: torch.cat(parts) for name, parts in found.items()}


def _captured(network: nn.Module, module: nn.Module, pictures: Tensor) -> list[Tensor]:
    """What a layer's weights meet at its places, [PLACES, Cin k²] for every picture."""
    found: list[Tensor] = []

    def note(_, inputs: tuple[Tensor], made: Tensor) -> None:
        columns = F.unfold(module.padded(inputs[0]), module.k, stride=module.stride)
        found.append(columns[0][:, _places(*made.shape[2:], len(found))].T)

    hook = module.register_forward_hook(note)
    deque(drawn(network, pictures), 0)
    hook.remove()
    return found
