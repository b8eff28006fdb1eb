"""What the roofline needs to know of a kernel list: path, work, traffic, parallelism, as tensors.

**Channels go in groups of four.** A mobile GPU stores four channels in one texel, so C channels
cost as much as `ceil(C / 4) * 4`. The stairs have no useful slope, hence `padded` mixes them half
and half with the straight line through them, C + 1.5. Sines join the steps, which makes the mix
smooth, rising everywhere (slope 0.02 to 2.90, 1 on average; at whole numbers 0.2 or 1.8) and at
most 0.75 channels off the stairs at whole numbers.

**Linked operators.** The GPU delegate compiles an element-wise operator into the kernel that
produces its input (the `kernel` column of the tables reads `convolution_2d_1_linked_:_relu_2`).
A list shows only the kernel before, so the rule is kept to what that can tell: an activation of one
operand behind a kernel that writes the same map is free, and an ADD right behind a convolution
or a MUL of the same map costs the reading of its second operand. All else is launched.

**Winograd.** TFLite 2.10 takes it for 3x3 stride-1 convolutions of one group when both channel
counts reach `min_groups` groups of four and the output has `min_tiles` tiles of 4x4
(`tensorflow/lite/delegates/gpu/common/selectors`). Which kernel runs is a switch, not a slope:
the times are blended over the one channel before the threshold, so that they have no jump, but no
gradient flows through the choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .kernel import CONVOLUTIONS, Kernel

PATHS = (
    "conv_1x1",  # kernel side 1
    "conv_3x3",  # direct, stride 1, kernel sides 2 to 4
    "conv_strided",  # stride 2 and more, kernel sides 2 to 4
    "conv_large",  # kernel side 5 and more
    "winograd",
    "grouped",
    "depthwise",
    "matrix",  # fully connected, or a convolution of a 1x1 map
    "mean",
    "concat",
    "pool",
    "elementwise",  # and everything else that only moves data: the prior
)
PATH_OF_OP = {
    "DEPTHWISE_CONV_2D": "depthwise",
    "FULLY_CONNECTED": "matrix",
    "MEAN": "mean",
    "CONCATENATION": "concat",
    "MAX_POOL_2D": "pool",
    "AVERAGE_POOL_2D": "pool",
}
ACTIVATIONS = frozenset(  # element-wise, of one operand
    (
        *("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU", "ELU", "GELU"),
        *("HARD_SWISH", "TANH", "LOGISTIC", "RSQRT", "SQRT", "SQUARE", "ABS", "NEG", "EXP", "LOG"),
    )
)
BYTES_PER_ELEMENT = 2  # fp16
WINOGRAD_TILE = 4
WINOGRAD_TRANSFORM = 36 / 16  # transformed elements per element of a 4x4 tile


def padded(channels: Tensor) -> Tensor:
    """Channels as the GPU pays for them: smooth, between the stairs of four and a straight line.

    Args:
        channels: counts, any shape, real numbers >= 0.
    """
    angle = channels * (math.pi / 2)
    saw = torch.cos(angle) - torch.sin(angle) + 0.5 * torch.cos(2 * angle)  # (C + 1.5) - stairs
    return channels + 1.5 - 0.5 * saw


@dataclass(frozen=True)
class Features:
    """One row per kernel, all of shape [K] and float64.

    Attributes:
        path: index into `PATHS`; for a Winograd candidate the index of its direct path.
        work: multiply-accumulates, or elements handled where there are none.
        bytes: activations and weights moved, in bytes.
        threads: independent work items: output pixels times groups of four channels.
        winograd_work, winograd_bytes: the same two under Winograd.
        winograd: 0..1, how far the delegate takes Winograd (no gradient).
        launched: 0 for a linked operator, 1 otherwise.
        share: 0..1, how much of the kernel runs.
    """

    path: Tensor
    work: Tensor
    bytes: Tensor
    threads: Tensor
    winograd_work: Tensor
    winograd_bytes: Tensor
    winograd: Tensor
    launched: Tensor
    share: Tensor


def path_of(kernel: Kernel) -> str:
    """The roofline that prices this kernel; Winograd is decided later, from the channel counts."""
    if kernel.op != "CONV_2D":
        return PATH_OF_OP.get(kernel.op, "elementwise")
    if kernel.groups > 1:
        return "grouped"
    if kernel.h * kernel.w == 1:
        return "matrix"
    if kernel.k >= 5:
        return "conv_large"
    if kernel.k == 1:
        return "conv_1x1"
    return "conv_3x3" if kernel.stride == 1 else "conv_strided"


def linked(kernel: Kernel, before: Kernel | None) -> bool:
    """Whether the delegate compiles this element-wise kernel into the one before it."""
    if before is None or (before.h, before.w) != (kernel.h, kernel.w):
        return False
    if kernel.op in ACTIVATIONS:
        return before.op != "CONCATENATION"
    return kernel.op == "ADD" and before.op in ("CONV_2D", "DEPTHWISE_CONV_2D", "MUL")


def stack_numbers(values: Sequence[float | Tensor]) -> Tensor:
    """Numbers and scalar tensors as one float64 tensor [K]; a tensor used twice is stacked once."""
    unique: dict[int, int] = {}
    tensors: list[Tensor] = []
    plain: list[float] = []
    for value in values:
        if isinstance(value, Tensor) and id(value) not in unique:
            unique[id(value)] = len(tensors)
            tensors.append(value.reshape(()))
    index = []
    for value in values:
        if isinstance(value, Tensor):
            index.append(unique[id(value)])
        else:
            index.append(len(tensors) + len(plain))
            plain.append(float(value))
    constants = torch.tensor(plain, dtype=torch.float64)
    if not tensors:
        return constants
    pool = torch.cat([torch.stack(tensors).to(dtype=torch.float64, device="cpu"), constants])
    return pool[torch.tensor(index)]


def columns(kernels: Sequence[Kernel]) -> list[float | Tensor]:
    """What a search changes: `cin` of all kernels, then `cout`, then `share`."""
    return [getattr(kernel, name) for name in ("cin", "cout", "share") for kernel in kernels]


def features(kernels: Iterable[Kernel], winograd_rule: dict | None) -> Features:
    """Stacks a kernel list.

    Args:
        kernels: in the order in which they run.
        winograd_rule: `{"min_groups": .., "min_tiles": ..}`, or None: never.
    """
    kernels = list(kernels)
    return KernelSizes(kernels, winograd_rule).features(stack_numbers(columns(kernels)))


class KernelSizes:
    """What of a kernel list depends neither on channel counts nor on gates; see `features`."""

    def __init__(self, kernels: Sequence[Kernel], winograd_rule: dict | None):
        before = [None, *kernels][: len(kernels)]
        rows = [
            _size(kernel, path_of(kernel), previous, winograd_rule)
            for kernel, previous in zip(kernels, before, strict=True)
        ]
        self._table = torch.tensor(rows, dtype=torch.float64).reshape(len(kernels), 10).T
        groups = (winograd_rule or {"min_groups": 0})["min_groups"]
        self._winograd_from = 4 * groups - 3  # the smallest count that fills `groups` groups

    def features(self, values: Tensor) -> Features:
        """What these sizes make of `columns`, stacked: [3 K], float64."""
        cin, cout, share = values.reshape(3, self._table.shape[1]).unbind()
        path, pixels, taps, handled, window, read, written, tiles, deep, launched = self._table
        into, out = padded(cin), padded(cout)
        pair = into * out
        work = taps * pixels * pair + handled * into + window * out
        moved = BYTES_PER_ELEMENT * (read * into + written * out + taps * pair)
        threads = pixels * (1 + deep * (out / 4 - 1))

        turned = BYTES_PER_ELEMENT * (2 * WINOGRAD_TRANSFORM * pixels * (into + out) + 36 * pair)
        ramp = (torch.minimum(cin, cout).detach() - (self._winograd_from - 1)).clamp(0, 1)
        return Features(
            path=path.long(),
            work=work,
            bytes=moved,
            threads=threads,
            winograd_work=36 * tiles * pair,
            winograd_bytes=moved + turned,
            winograd=torch.where(tiles > 0, ramp, torch.zeros_like(ramp)),
            launched=launched,
            share=share,
        )


def _handled_per_output(kernel: Kernel, path: str) -> float:
    """Elements of work per output channel where there are no multiply-accumulates."""
    pixels = kernel.h * kernel.w
    return {"pool": kernel.k**2 * pixels, "elementwise": pixels}.get(path, 0.0)


def _size(
    kernel: Kernel, path: str, before: Kernel | None, winograd_rule: dict | None
) -> list[float]:
    """What does not depend on the channel counts: one row of the table in `features`."""
    pixels = kernel.h * kernel.w
    has_weights = kernel.op in CONVOLUTIONS
    if has_weights or path == "pool":
        read = pixels * kernel.stride**2
    elif path == "mean":
        read = pixels * kernel.k
    else:
        read = pixels / (4 if kernel.op.startswith("RESIZE") else 1)
    is_linked = path == "elementwise" and linked(kernel, before)
    if is_linked:
        read = read / 2 if kernel.op == "ADD" else 0.0
    tiles = math.ceil(kernel.h / WINOGRAD_TILE) * math.ceil(kernel.w / WINOGRAD_TILE)
    may_turn = winograd_rule is not None and path == "conv_3x3" and kernel.k == 3
    return [
        PATHS.index(path),
        pixels,
        kernel.k**2 / kernel.groups if has_weights else 0.0,  # weights per pair of channels
        0.0 if has_weights or path == "pool" or is_linked else read,  # elements per input channel
        _handled_per_output(kernel, path) if not is_linked else 0.0,
        read,
        0.0 if is_linked else pixels,
        tiles if may_turn and tiles >= winograd_rule["min_tiles"] else 0.0,
        0.0 if path == "concat" else 1.0,  # a concatenation's work item walks all channels
        0.0 if is_linked else 1.0,
    ]
