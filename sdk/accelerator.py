"""Which processor plays a network: the GPU where it takes all of it, else the CPU."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import PocketstyleError, UsageError
from .compiled import CompiledNetwork
from .gpu_gate import check_gpu
from .graph_check import check_network
from .interpreter import InterpretedNetwork

Accelerator = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True)
class Loaded:
    """A network, ready.

    Attributes:
        network: has `get_signature_runner`.
        runtime: its package.
        accelerator: "cpu" or "gpu".
        remark: why it is not the GPU that was asked for.
    """

    network: Any
    runtime: str
    accelerator: str
    remark: str | None = None


def load_network(
    path: str | Path, accelerator: Accelerator, threads: int | None, strict: bool
) -> Loaded:
    """A TFLite file, ready to run its signatures.

    The GPU is tried in a child process first, since some graphs abort theirs, and its output has to
    agree with the CPU's without being the same to the last bit, which would be the CPU's own.

    Args:
        accelerator: "gpu" has a remark where the CPU takes its place, "auto" has none, and asks no
            GPU where there is none.
        threads: of the CPU's kernels, as in `InterpretedNetwork`.
        strict: with "gpu", raise instead of taking the CPU.

    Raises:
        UsageError: no such accelerator.
        PocketstyleError: no runtime is installed, or `strict` and no GPU takes all of the network.
        FormatError: the runtime refuses the file, or `check_network` does.
    """
    if accelerator not in get_args(Accelerator):
        known = ", ".join(get_args(Accelerator))
        raise UsageError(f"accelerator is {accelerator!r}; it is one of {known}")
    check_network(path)
    remark = None
    if accelerator == "gpu" or (accelerator == "auto" and _has_gpu()):
        found = check_gpu(path, software=False)
        if found.resident:
            return Loaded(CompiledNetwork(path), "ai_edge_litert", "gpu")
        told = f"the GPU does not run {path}: {found.note}"
        if found.resident is None:
            told = f"no GPU runs {Path(path).stem}: {found.note}"
        if accelerator == "gpu" and strict:
            raise PocketstyleError(told)
        if accelerator == "gpu":
            remark = f"{told}; the CPU does"
    network = InterpretedNetwork(path, threads)
    return Loaded(network, network.runtime, "cpu", remark)


def _has_gpu() -> bool:
    """Whether asking for one is worth the seconds: the kernel knows of a device."""
    if sys.platform != "linux":
        return True
    return Path("/dev/nvidia0").exists() or any(Path("/dev/dri").glob("renderD*"))
