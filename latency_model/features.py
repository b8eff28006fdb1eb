"""What the speed model looks at: path, work, traffic and layout of each launch, as numpy arrays.

Every launch goes one of the `PATHS`. Its channel counts may be real numbers here, but what they
cost is decided as the runtime decides it: a GPU pays for whole groups of four channels and for the
padding of its blocks (`runtimes`). `SpeedModel` takes values at whole numbers only and puts slopes
on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .kernel import WITH_WEIGHTS, Kernel
from .launches import ACTIVATIONS, Launch
from .runtimes import TEXEL, Numbers, Runtime

if TYPE_CHECKING:
    from torch import Tensor

PATHS = (
    "conv_1x1",  # kernel side 1
    "conv_3x3",  # direct, stride 1, kernel sides 2 to 4
    "conv_strided",  # stride 2 and more, kernel sides 2 to 4
    "conv_large",  # kernel side 5 and more
    "conv_constants",  # few weights, in constant memory
    "winograd",
    "grouped",
    "depthwise",
    "matrix",  # fully connected, or a convolution of a 1x1 map
    "mean",
    "concat",
    "pool",
    "elementwise",  # and everything else that only moves data
    "pad",  # this and the next two: CPU only; on a GPU they are element-wise
    "resize",
    "transcendental",
    "transposed",  # no table holds these two: priced as the convolutions that do the same work
    "product",
)
PATH = {name: index for index, name in enumerate(PATHS)}
DIRECT = [PATH[name] for name in ("conv_1x1", "conv_3x3", "conv_strided", "conv_large")]
PATH_OF_OP = {
    "DEPTHWISE_CONV_2D": "depthwise",
    "TRANSPOSE_CONV": "transposed",
    "FULLY_CONNECTED": "matrix",
    "BATCH_MATMUL": "product",
    "MEAN": "mean",
    "CONCATENATION": "concat",
    "MAX_POOL_2D": "pool",
    "AVERAGE_POOL_2D": "pool",
}
CPU_PATH_OF_OP = {
    "MIRROR_PAD": "pad",
    "PAD": "pad",
    "RESIZE_NEAREST_NEIGHBOR": "resize",
    "RESIZE_BILINEAR": "resize",
    **dict.fromkeys(("TANH", "LOGISTIC", "EXP", "RSQRT", "SQRT", "GELU"), "transcendental"),
}
MOVERS = (
    *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "GREATER_EQUAL", "SUM", "REDUCE_MAX"),
    *("CAST", "RESHAPE", "TRANSPOSE", "SLICE", "STRIDED_SLICE"),
)
OPERATORS = {"CONV_2D", *PATH_OF_OP, *CPU_PATH_OF_OP, *ACTIVATIONS, *MOVERS}
"""What a table may name: TFLite's builtin operators, as far as the networks here need them."""

BYTES_PER_ELEMENT = 2  # fp16; a CPU's fp32 only scales the fitted bandwidth
WINOGRAD_TILE = 4
WINOGRAD_TRANSFORM = 36 / 16  # transformed elements per element of a 4x4 tile
MANY_ITEMS, MANY_PIXELS, FEW_PIXELS = 2.0**14, 4096.0, 64.0  # where more makes no difference
WAVE = 64  # work items that run in step


@dataclass(frozen=True)
class Features:
    """One row per launch.

    Attributes:
        path: index into `PATHS`, [N].
        work: multiply-accumulates, padding included, or elements handled where there are none, [N].
        bytes: activations and weights moved, [N].
        threads: independent work items, [N].
        columns: what the residual looks at, by name, each [N].
    """

    path: NDArray[np.int64]
    work: Numbers
    bytes: Numbers
    threads: Numbers
    columns: dict[str, Numbers]

    def __len__(self) -> int:
        return len(self.path)

    def take(self, rows: NDArray[np.int64]) -> Features:
        """The given rows."""
        arrays = (one[rows] for one in (self.path, self.work, self.bytes, self.threads))
        return Features(*arrays, {name: one[rows] for name, one in self.columns.items()})

    def matrix(self, names: Sequence[str]) -> Numbers:
        """The named columns side by side, [N, names]."""
        if not names:
            return np.empty((len(self), 0))
        return np.stack([self.columns[name] for name in names], axis=1).astype(np.float64)


def path_of(kernel: Kernel, runtime: Runtime) -> str:
    """The path of a kernel before its channel counts decide about Winograd and constants."""
    if kernel.op != "CONV_2D":
        if runtime.name == "cpu" and kernel.op in CPU_PATH_OF_OP:
            return CPU_PATH_OF_OP[kernel.op]
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


def as_number(value: float | Tensor) -> float:
    """A count or share without its gradient."""
    return float(value) if isinstance(value, (int, float)) else value.item()


def counts(found: Sequence[Launch]) -> tuple[Numbers, Numbers]:
    """Channels read and written of each launch, as numbers."""
    pairs = [[as_number(one.kernel.cin), as_number(one.kernel.cout)] for one in found]
    cin, cout = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return cin, cout


def look(found: Sequence[Launch], runtime: Runtime) -> Features:
    """Features of launches at their own channel counts."""
    sizes = Sizes(found, runtime)
    cin, cout = counts(found)
    return sizes.features(cin, cout, sizes.decide(cin, cout))


class Sizes:
    """What of a list of launches depends neither on channel counts nor on gates.

    Attributes:
        kind: [N], a number for each; launches of one kind differ in channel counts alone.
    """

    def __init__(self, found: Sequence[Launch], runtime: Runtime):
        self.runtime = runtime
        paths = [PATH[path_of(one.kernel, runtime)] for one in found]
        self.path = np.array(paths, dtype=np.int64)
        rows = [_size(one, PATHS[path]) for one, path in zip(found, paths, strict=True)]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(_SIZES)).T
        self.of = dict(zip(_SIZES, table, strict=True))
        kinds: dict[tuple, int] = {}
        for path, row in zip(paths, rows, strict=True):
            kinds.setdefault((path, *row), len(kinds))
        self.kind = [kinds[path, *row] for path, row in zip(paths, rows, strict=True)]

    def take(self, rows: NDArray[np.int64]) -> Sizes:
        """The given launches."""
        some = copy(self)
        some.path = self.path[rows]
        some.of = {name: one[rows] for name, one in self.of.items()}
        some.kind = [self.kind[row] for row in rows]
        return some

    def decide(self, cin: Numbers, cout: Numbers) -> NDArray[np.int64]:
        """The path that these channel counts take. [N]."""
        of, path = self.of, self.path.copy()
        in_constants = np.isin(path, DIRECT) & self.runtime.in_constants(of["k"], cin, cout)
        path[in_constants] = PATH["conv_constants"]
        if self.runtime.winograd is not None:
            path[self.turned(cin, cout, self.runtime.winograd)] = PATH["winograd"]
        return path

    def turned(self, cin: Numbers, cout: Numbers, rule: tuple[int, int]) -> NDArray[np.bool_]:
        """Which launches a Winograd rule takes. [N]."""
        groups, tiles = rule
        enough = np.ceil(np.minimum(cin, cout) / 4) >= groups
        may = (self.path == PATH["conv_3x3"]) & (self.of["k"] == 3)
        return may & (self.of["tiles"] >= tiles) & enough

    def features(self, cin: Numbers, cout: Numbers, path: NDArray[np.int64]) -> Features:
        """What these sizes make of channel counts.

        Args:
            cin, cout: [..., N]. path: as `decide` gives it, [N].

        Returns:
            Features of ... x N rows.
        """
        shape = np.broadcast_shapes(cin.shape, cout.shape)
        cin, cout = np.broadcast_to(cin, shape), np.broadcast_to(cout, shape)
        of, texel, path = self.of, self.runtime.texel, np.broadcast_to(path, shape)
        groups_in, groups_out = np.ceil(cin / TEXEL), np.ceil(cout / TEXEL)
        into, out = texel * np.ceil(cin / texel), TEXEL * groups_out
        pair = np.where(of["depthwise"], out, into * out / of["groups"])

        direct = np.isin(path, DIRECT)
        turned = path == PATH["winograd"]
        constant = path == PATH["conv_constants"]
        block = self.runtime.block(of["k"], of["pixels"], groups_out)
        x, y, s = (np.where(direct, side, 1.0) for side in block)
        wide, high, deep = np.ceil(of["w"] / x), np.ceil(of["h"] / y), np.ceil(groups_out / s)
        deep = np.where(of["deep"], deep, 1.0)
        threads = np.where(constant, of["pixels"], wide * high * deep)
        size = x * y * s
        padding = np.where(direct, wide * high * deep * size / (of["pixels"] * groups_out), 1.0)

        weights = of["taps"] * pair
        moved = of["read"] * into + (of["pixels"] * (1 + of["operands"])) * out + weights
        loop = np.where(
            direct & (of["k"] > 1), TEXEL * self.runtime.loop_groups * of["taps"] * out, 0.0
        )
        met = of["met"] * pair + loop
        vector, row = self.runtime.vector, self.runtime.row
        lanes_in, lanes_out = (row + vector * np.ceil(one / vector) for one in (cin, cout))
        work = met * of["pixels"] * padding
        work = work + of["handled"] * lanes_in + of["window"] * lanes_out
        tiles = 36 * of["tiles"] * into * out
        transformed = 2 * WINOGRAD_TRANSFORM * of["pixels"] * (into + out) + 36 * into * out
        work = np.where(turned, tiles, work)
        moved = BYTES_PER_ELEMENT * (moved + np.where(turned, transformed, 0.0))

        pixels = np.broadcast_to(of["pixels"], shape)
        columns = {
            "log groups in": np.log2(groups_in),
            "log groups out": np.log2(groups_out),
            "log kernel side": np.log2(of["k"]),
            "log stride": np.log2(of["stride"]),
            "log convolution groups": np.log2(of["groups"]),
            "log intensity": np.log2((work + 1) / moved),
            "log items": np.log2(threads / (1 + threads / MANY_ITEMS)),
            "pixels, few": pixels / (pixels + FEW_PIXELS),
            "log pixels": np.log2(pixels / (1 + pixels / MANY_PIXELS)),
            "linked": of["linked"],
            "linked none": of["linked"] == 0,
            "linked several": of["linked"] >= 2,
            "operands": of["operands"],
            "log padding": np.log2(padding),
            "log block": np.log2(size),
            **{f"block {side}": (size == side) & direct for side in (1, 2, 4, 8)},
            "last group in": cin / (TEXEL * groups_in),
            "last group out": cout / (TEXEL * groups_out),
            "groups in % 2": groups_in % 2 == 0,
            "groups in % 4": groups_in % 4 == 0,
            "groups out % 2": groups_out % 2 == 0,
            "groups out % 4": groups_out % 4 == 0,
            "rows odd": of["h"] % 2,
            "rows % 4": of["h"] % 4 == 0,
            "rows % 8": of["h"] % 8 == 0,
            "last wave": threads / (WAVE * np.ceil(threads / WAVE)),
            **{name: path == index for index, name in enumerate(PATHS)},
        }
        if self.runtime.name == "cpu":
            columns["log bytes"] = np.log2(moved)  # which caches it fits
        return Features(
            path.ravel().astype(np.int64),
            work.ravel(),
            moved.ravel(),
            np.broadcast_to(threads, shape).ravel(),
            {name: np.broadcast_to(one, shape).ravel() for name, one in columns.items()},
        )


_SIZES = (
    *("h", "w", "pixels", "k", "stride", "groups", "depthwise", "taps", "met", "read"),
    *("handled", "window", "tiles", "deep", "linked", "operands"),
)


def _size(one: Launch, path: str) -> list[float]:
    """One row of the table in `Sizes`, in the order of `_SIZES`; where it says `read`, elements
    read per input channel; `handled`, those worked on; `window`, elements of work per output
    channel; `taps`, weights per pair of channels, and `met`, those that one output meets."""
    kernel = one.kernel
    pixels, read = kernel.h * kernel.w, kernel.read_per_channel
    depthwise = kernel.op == "DEPTHWISE_CONV_2D"
    has_weights = kernel.op in WITH_WEIGHTS
    moving = not has_weights and path not in ("pool", "mean", "concat")
    tiles = -(-kernel.h // WINOGRAD_TILE) * -(-kernel.w // WINOGRAD_TILE)
    return [
        *(kernel.h, kernel.w, pixels, kernel.k, kernel.stride),
        1 if depthwise else kernel.groups,
        depthwise,
        kernel.k**2 if has_weights else 0.0,
        kernel.taps if has_weights else 0.0,
        read,
        0.0 if has_weights or path == "pool" else read,
        kernel.k**2 * pixels if path == "pool" else pixels if moving else 0.0,
        tiles,
        path != "concat",  # a concatenation's work item walks all channels
        one.linked,
        one.operands,
    ]
