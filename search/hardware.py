"""Where the networks run."""

from __future__ import annotations

import torch


def fastest_device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
