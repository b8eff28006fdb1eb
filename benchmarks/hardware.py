"""What a benchmark ran on, in words."""

import os
import platform

import torch


def hardware() -> str:
    """Processor, cores, torch and its threads."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads"
    )
