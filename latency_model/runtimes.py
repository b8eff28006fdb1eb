"""How a runtime lays out its kernels, by the kind of processor.

The rules for GPUs are those of TFLite 2.10's GPU delegate (tensorflow/lite/delegates/gpu/common:
tasks/conv_generic.cc, tasks/conv_constants.cc, selectors/convolution_selector.cc). They decide how
many work items a convolution has and how much of them is padding, which explains most of what a
roofline leaves over:

- channels are stored in groups of four (a texel); the last group is paid in full;
- a work item of the general convolution computes a block of output columns x rows x groups, larger
  where there is enough work to keep all cores busy;
- convolutions with few weights keep them in constant memory (Adreno, PowerVR);
- 3x3 stride-1 convolutions with many channels are computed by Winograd's F(4x4, 3x3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError

Numbers = NDArray[np.float64]

TEXEL = 4  # channels of one group
CPU_LANES = 16  # output channels that XNNPACK's kernels compute together on x86
CONSTANT_GROUPS = 8  # at most so many groups of four output channels, where weights are constants
ADRENO_ITEMS, MALI_ITEMS = 256.0, 12.0  # work items of one wave; and per core of the G76


@dataclass(frozen=True)
class Runtime:
    """A runtime on one kind of processor.

    Attributes:
        name: "adreno", "mali", "powervr", "apple", "gpu" (another, of which no rules are known:
            blocks of one) for TFLite's GPU delegate, or "cpu" (XNNPACK).
        texel: input channels that are stored and paid together.
        vector: channels that operators without weights handle together.
        row: what such an operator's loop over the channels costs at each pixel, in channels.
        links: whether element-wise operators are compiled into the kernel before them.
        loop_groups: what a convolution's loop over the kernel's taps costs at each tap, in groups
            of four input channels; it shows where there are few, as in a network's first layer.
        constant_bytes: fp16 weights that fit the constant memory; 0: that kernel is not used.
        winograd: least (groups of four channels, tiles of 4x4), or None: never.
        winograd_unmeasured: the same of a Winograd kernel that no row of the tables shows.
    """

    name: str
    texel: int = TEXEL
    vector: int = TEXEL
    row: float = 0.0
    links: bool = True
    loop_groups: float = 0.0
    constant_bytes: int = 0
    winograd: tuple[int, int] | None = None
    winograd_unmeasured: tuple[int, int] | None = None

    def block(self, k: Numbers, pixels: Numbers, groups: Numbers) -> tuple[Numbers, ...]:
        """Columns, rows and channel groups that one work item of a convolution computes.

        Args:
            k: kernel side. pixels: of the output. groups: of four output channels. Any one shape.
        """
        one = np.ones(np.broadcast_shapes(k.shape, pixels.shape, groups.shape))
        if self.name == "adreno":
            waves = pixels * groups / ADRENO_ITEMS
            steps = [waves <= 6, waves <= 12, waves <= 24]
            return (
                np.select(steps, [one, 2 * one, 2 * one], 2 * one),
                np.select(steps, [one, one, one], 2 * one),
                np.select(steps, [one, one, 2 * one], 2 * one),
            )
        if self.name == "mali":
            items = pixels * groups / MALI_ITEMS
            size = np.select(
                [items <= 256, items <= 1536, items <= 4096], [one, 2 * one, 4 * one], 8
            )
            size = np.where(k > 1, np.minimum(size, 4), size)
            flat = (groups == 1) | (groups == 3)  # no even split into two groups
            return (
                np.where(size >= 2, 2.0, one),
                np.where((size == 8) | ((size == 4) & flat), 2.0, one),
                np.where((size >= 4) & ~flat, 2.0, one),
            )
        if self.name == "powervr":
            four = (groups % 4 == 0) | (groups >= 8)
            two = (groups % 2 == 0) | (groups >= 4)
            return 2 * one, one, np.select([four, two], [4 * one, 2 * one], groups)
        if self.name == "apple":
            return 2 * one, 2 * one, 2 * one
        if self.name == "cpu":
            return one, one, CPU_LANES / 4 * one
        return one, one, one

    def in_constants(self, k: Numbers, cin: Numbers, cout: Numbers) -> NDArray[np.bool_]:
        """Whether a convolution of one group keeps its weights in constant memory."""
        into, out = np.ceil(cin / 4), np.ceil(cout / 4)
        by_dot = (cout % 4 != 0) & ((cin % 4 == 0) | (cout * into < cin * out))
        weights = np.where(by_dot, cout * into * 4, cin * out * 4) * k**2
        return (2 * weights <= self.constant_bytes) & (out <= CONSTANT_GROUPS)


WINOGRAD = (16, 32)
RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        # Adreno asks more of a Winograd candidate, and no row of the tables gets there
        Runtime("adreno", loop_groups=0.5, constant_bytes=3584, winograd_unmeasured=(32, 128)),
        Runtime("mali", winograd=WINOGRAD),
        Runtime("powervr", constant_bytes=1024, winograd=WINOGRAD),
        Runtime("apple", winograd=WINOGRAD),
        Runtime("gpu"),
        Runtime("cpu", texel=1, vector=8, row=16.0, links=False),
    )
}


def runtime_named(name: str) -> Runtime:
    """Raises FormatError for a name that is not in `RUNTIMES`."""
    if name not in RUNTIMES:
        raise FormatError(f"unknown runtime {name!r}; known: {', '.join(RUNTIMES)}")
    return RUNTIMES[name]
