"""The vocabulary of costs: one `Kernel` is one operator of the converted graph, with its size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

WITH_WEIGHTS = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "TRANSPOSE_CONV",
    "FULLY_CONNECTED",
    "BATCH_MATMUL",  # [h w, cin] by [cin, cout], which counts as its weights
)


@dataclass(frozen=True)
class Kernel:
    """One operator as TFLite names it; a ReLU is fused into the operator before it.

    Channel counts and `share` are plain numbers, or differentiable scalar tensors while searching.

    Attributes:
        op: TFLite's builtin operator name, such as "CONV_2D", "MIRROR_PAD", "MEAN", "ADD".
        cin: channels read at the output's resolution (2C where two maps of C are added).
        cout: channels written.
        k: kernel side; for MEAN the number of elements averaged into one; else 1.
        stride: input step per output element (2 for a stride-2 convolution), output step per input
            element of a transposed one; else 1.
        groups: convolution groups.
        h, w: output height and width.
        share: 0..1, how much of the kernel runs: the open state of its block's gate.
    """

    op: str
    cin: int | Tensor
    cout: int | Tensor
    k: int
    stride: int
    groups: int
    h: int
    w: int
    share: float | Tensor = 1.0

    @property
    def macs(self) -> float | Tensor:
        """Multiply-accumulates of one picture; 0 for what has no weights."""
        if self.op not in WITH_WEIGHTS:
            return 0
        return self.share * (self.taps * self.h * self.w) * self.pairs

    @property
    def taps(self) -> float:
        """Weights of a pair of channels that one output element meets."""
        return self.k**2 / (self.stride**2 if self.op == "TRANSPOSE_CONV" else 1)

    @property
    def read_per_channel(self) -> float:
        """Elements read of each input channel."""
        outputs = self.h * self.w
        if self.op == "MEAN":
            return outputs * self.k
        if self.op == "TRANSPOSE_CONV":
            return outputs / self.stride**2
        return outputs / 4 if self.op.startswith("RESIZE") else outputs * self.stride**2

    @property
    def elements_read(self) -> float | Tensor:
        """Activations read."""
        return self.cin * self.read_per_channel

    @property
    def elements_written(self) -> float | Tensor:
        """Activations written."""
        return self.cout * (self.h * self.w)

    @property
    def weights(self) -> float | Tensor:
        """Weights read; 0 for what has none."""
        if self.op not in WITH_WEIGHTS:
            return 0
        return self.k**2 * self.pairs

    @property
    def pairs(self) -> float | Tensor:
        """Pairs of an input and an output channel that meet."""
        if self.op == "DEPTHWISE_CONV_2D":  # whose groups are its channels
            return self.cout
        return self.cin * self.cout / self.groups


FIELDS = ("op", "cin", "cout", "k", "stride", "groups", "h", "w")


def kernels_to_text(kernels: Iterable[Kernel]) -> str:
    """One field of a table: `CONV_2D 8 16 3 1 1 32 32; RELU ...`, the numbers as in `FIELDS`."""
    return "; ".join(
        " ".join(str(getattr(kernel, field)) for field in FIELDS) for kernel in kernels
    )


def kernels_from_text(text: str) -> list[Kernel]:
    """The inverse of `kernels_to_text`. Raises ValueError where the text is not of its form."""
    found = []
    for part in text.split(";"):
        op, *numbers = part.split()
        sizes = [int(number) for number in numbers]
        if len(sizes) != len(FIELDS) - 1 or min(sizes) < 1 or not op.isupper():
            raise ValueError(f"{part.strip()!r} is no operator with {len(FIELDS) - 1} sizes")
        found.append(Kernel(op, *sizes))
    return found


def total_macs(kernels: Iterable[Kernel]) -> float | Tensor:
    """MACs of a whole network for one picture."""
    return sum(kernel.macs for kernel in kernels)
