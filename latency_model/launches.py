"""From a list of operators to the kernels that a GPU launches.

The GPU delegate compiles an element-wise operator into the kernel that produces its input: the
tables call such a kernel `convolution_2d_1_linked_:_add_2_linked_:_relu_3`. A kernel list shows
only the operator before, so the rule is kept to what that can tell: an activation of one operand
behind a kernel that writes the same map, and an ADD right behind a convolution or a MUL of the same
map, which then reads one map more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .kernel import Kernel

ACTIVATIONS = frozenset(  # element-wise, of one operand
    (
        *("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU", "ELU", "GELU"),
        *("HARD_SWISH", "TANH", "LOGISTIC", "RSQRT", "SQRT", "SQUARE", "ABS", "NEG", "EXP", "LOG"),
    )
)


@dataclass(frozen=True)
class Launch:
    """One kernel of the device and what is compiled into it.

    Attributes:
        kernel: the operator that does the work.
        linked: operators compiled into it.
        operands: maps of the output's size that those read besides its result.
    """

    kernel: Kernel
    linked: int = 0
    operands: int = 0


def launches(kernels: Sequence[Kernel], links: bool) -> tuple[list[Launch], list[int]]:
    """What is launched, and for each launch the index of its kernel in the list.

    Args:
        kernels: in the order in which they run.
        links: whether the runtime compiles operators into each other.
    """
    found: list[Launch] = []
    index: list[int] = []
    before: Kernel | None = None
    for place, kernel in enumerate(kernels):
        if links and before is not None and is_linked(kernel, before):
            host = found[-1]
            found[-1] = replace(
                host, linked=host.linked + 1, operands=host.operands + (kernel.op == "ADD")
            )
        else:
            found.append(Launch(kernel))
            index.append(place)
        before = kernel
    return found, index


def is_linked(kernel: Kernel, before: Kernel) -> bool:
    """Whether the delegate compiles this kernel into the one before it."""
    if (before.h, before.w) != (kernel.h, kernel.w):
        return False
    if kernel.op in ACTIVATIONS:
        return before.op != "CONCATENATION"
    return kernel.op == "ADD" and before.op in ("CONV_2D", "DEPTHWISE_CONV_2D", "MUL")
