"""Width and Gate: how many channels a group of tensors has, and whether a block runs.

Both are fixed numbers in a finished network. While searching they hold real parameters that are
binarised in the forward pass and updated straight through (Li et al. 2022, eq. 4-9).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

Axes = dict[str, tuple[str, ...]]
"""Of a layer: along which width ("in" or "out") each axis of each of its tensors shrinks."""

THRESHOLD = 0.5  # t of eq. 5; v starts near 1, so a channel closes after v has lost about half


class _Binarise(torch.autograd.Function):
    """1[v > t] forwards, the identity backwards (eq. 5 and 6); at least `minimum` entries are 1."""

    @staticmethod
    def forward(ctx, v: Tensor, threshold: float, minimum: int) -> Tensor:
        on = v > threshold
        if int(on.sum()) < minimum:
            on = torch.zeros_like(on).scatter(0, v.topk(minimum).indices, True)
        return on.to(v.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad, None, None


class Width(nn.Module):
    """The channels that a group of tensors shares; tensors that are added share one Width.

    Attributes:
        name: the group's name in the network's spec.
        channels: how many channels the stored weights have.
        v: float[channels] while searching, else None.
    """

    def __init__(self, name: str, channels: int):
        super().__init__()
        self.name, self.channels = name, channels
        self.v: nn.Parameter | None = None
        self.minimum = channels
        self._seen: tuple[Tensor, bool] | None = None  # the v that the cached values belong to

    def search(self, minimum: int = 4) -> None:
        """Make the width searchable: v = 1 everywhere; `minimum` channels (the largest v) stay."""
        self.v = nn.Parameter(torch.ones(self.channels))
        self.minimum = max(1, min(minimum, self.channels))

    @property
    def parts(self) -> tuple[Width, ...]:
        """Itself: as a `Concatenation` has its parts."""
        return (self,)

    @property
    def mask(self) -> Tensor | None:
        """float[channels] of 0 and 1, differentiable in v; None when the width is fixed."""
        return None if self.v is None else self._binarised()[0]

    @property
    def count(self) -> int | Tensor:
        """Channels that run: an int, or a scalar tensor differentiable in v."""
        return self.channels if self.v is None else self._binarised()[1]

    def _binarised(self) -> tuple[Tensor, Tensor]:
        """Mask and count, computed once per change of v: layers and kernels ask hundreds of times.

        The change is found by value: fused optimisers do not raise a tensor's version.
        """
        grad = torch.is_grad_enabled()
        if self._seen is None or self._seen[1] != grad or not torch.equal(self._seen[0], self.v):
            mask = _Binarise.apply(self.v, THRESHOLD, self.minimum)
            self._seen, self._values = (self.v.detach().clone(), grad), (mask, mask.sum())
        return self._values

    @property
    def kept(self) -> Tensor:
        """Indices of the channels that stay, int64[count]."""
        if self.v is None:
            return torch.arange(self.channels)
        return self.mask.detach().nonzero().flatten()


class Concatenation:
    """The width of a concatenation; it follows the widths of its parts, all of them Widths."""

    def __init__(self, parts: Sequence[Width | Concatenation]):
        self.parts = tuple(width for part in parts for width in part.parts)

    @property
    def channels(self) -> int:
        return sum(part.channels for part in self.parts)

    @property
    def mask(self) -> Tensor | None:
        masks = [part.mask for part in self.parts]
        return None if masks[0] is None else torch.cat(masks)

    @property
    def count(self) -> int | Tensor:
        return sum(part.count for part in self.parts)

    @property
    def kept(self) -> Tensor:
        offset, indices = 0, []
        for part in self.parts:
            indices.append(part.kept + offset)
            offset += part.channels
        return torch.cat(indices)


class Gate(nn.Module):
    """Whether a residual block runs (eq. 7-9): beta_2 = 1 where alpha_1 <= alpha_2, else skipped.

    The block of a stage whose lead alpha_2 - alpha_1 is the largest runs in any case.

    For y = beta_1 x + beta_2 (x + F(x)) with one-hot beta this is y = x + beta_2 F(x); the gradient
    of beta_2 in that form is the difference of the two straight-through gradients of eq. 7.
    """

    def __init__(self, *, optional: bool = False):
        """Args: optional: what it opens may be closed altogether, however many gates there are."""
        super().__init__()
        self.optional = optional
        self.alpha: nn.Parameter | None = None
        self.stage: tuple[Gate, ...] = ()

    def search(self, stage: Sequence[Gate]) -> None:
        """Make the gate searchable, open at the start: alpha_1 = 0 (skip), alpha_2 = 1 (block).

        Args:
            stage: the gates of the blocks in a row that this one belongs to.
        """
        self.alpha = nn.Parameter(torch.tensor([0.0, 1.0]))
        self.stage = tuple(stage)

    @property
    def lead(self) -> float:
        """alpha_2 - alpha_1; negative where the block is skipped, unless it is the stage's last."""
        alpha_1, alpha_2 = self.alpha.tolist()
        return alpha_2 - alpha_1

    @property
    def open(self) -> float | Tensor:
        """1 where the block runs, 0 where not: a float, or a tensor differentiable in alpha."""
        if self.alpha is None:
            return 1.0
        last = max(self.stage, key=lambda gate: gate.lead) is self
        minimum = int(last and not self.optional)
        # -tiny as the threshold makes equality open the block, as eq. 8 says
        difference = (self.alpha[1] - self.alpha[0]).reshape(1)
        return _Binarise.apply(difference, -torch.finfo(difference.dtype).tiny, minimum)[0]


def is_open(gate: Gate) -> bool:
    """Whether the block of a gate runs at present."""
    with torch.no_grad():
        return bool(gate.open)


def searchable(network: nn.Module) -> tuple[list[Width], list[Gate]]:
    """The widths and gates of a network's search space, in definition order."""
    widths = list(network.widths.values())
    gates = [module for module in network.modules() if isinstance(module, Gate)]
    return widths, gates


def has_masks(network: nn.Module) -> bool:
    """Whether a network is a supernet: its widths are searched."""
    return any(width.v is not None for width in network.widths.values())


def start_search(network: nn.Module, keep_at_least: float) -> None:
    """Turn a network into a supernet: every width and gate becomes searchable.

    One block of each stage always stays: between the attention's ReLU and the up-sampling, say, no
    map could be negative without one, and no fine-tuning mends that (docs/search.md).

    Args:
        keep_at_least: the share of each width (0..1) that can never be masked; without a floor
            the late full-resolution layers, the dearest, collapse to nothing.
    """
    for width in network.widths.values():
        width.search(minimum=max(1, round(keep_at_least * width.channels)))
    stages = defaultdict(list)  # by the container of the blocks: STAGE.BLOCK.gate
    for name, module in network.named_modules():
        if isinstance(module, Gate):
            stages[name.rsplit(".", 2)[0]].append(module)
    for stage in stages.values():
        for gate in stage:
            gate.search(stage)
