"""The networks that were trained beside a generator, kept for a search that goes on from it.

A search that begins with fresh discriminators spends its first steps on teaching them, while they
pull a trained generator about; and the discriminator through which DCD compares pictures (Kong et
al. 2023) is the teacher's own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from torch import nn

from ..networks import read_tensors, write_tensors

NAME = "companions.safetensors"
Companions = list[tuple[str, nn.Module]]  # by what each of them is for


def save_companions(run: Path, companions: Companions) -> None:
    """Write them beside the run's model, where there are any."""
    if not companions:
        return
    tensors = {
        f"{name}.{key}": value.contiguous()
        for name, network in companions
        for key, value in network.state_dict().items()
    }
    write_tensors(run / NAME, tensors, {})


def take_up_companions(teacher: Path, companions: Companions) -> bool:
    """Load what was trained beside a teacher into networks for the same ends, where it is there.

    Returns:
        Whether they were; those of other widths are left as they are, and that is said.
    """
    path = teacher.with_name(NAME)
    if not path.is_file():
        return False
    stored = read_tensors(path)
    for name, network in companions:
        start = f"{name}."
        kept = {k.removeprefix(start): v for k, v in stored.items() if k.startswith(start)}
        if {k: v.shape for k, v in kept.items()} != {
            k: v.shape for k, v in network.state_dict().items()
        }:
            print(
                f"{path}: {name} does not fit this configuration, so begins anew", file=sys.stderr
            )
            return False
        network.load_state_dict(kept)
    return True
