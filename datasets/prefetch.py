"""Batches prepared ahead of the step by worker processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import count

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .batches import Batches

AHEAD = 2  # batches that each process prepares before they are asked for


class _Steps(Dataset):
    """The batch of a step by its number."""

    def __init__(self, batches: Batches):
        self.batches = batches

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        return self.batches.at(step)


def _outlive_signals(_: int) -> None:
    """A worker ends with its parent: a signal to all of them lets that one finish its step."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


class Prefetch:
    """The same batches as `Batches`, the following ones already under way.

    Asked for another step than the next one (after a rollback, in a bank), it begins again there.
    """

    def __init__(self, batches: Batches, workers: int):
        self.batches, self.workers = batches, workers
        self._next: int | None = None
        self._loader: Iterator[tuple[Tensor, Tensor]] = iter(())

    def at(self, step: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """As `Batches.at`."""
        if step != self._next:
            self._loader = iter(
                DataLoader(
                    _Steps(self.batches),
                    batch_size=None,
                    sampler=count(step),
                    num_workers=self.workers,
                    prefetch_factor=AHEAD,
                    worker_init_fn=_outlive_signals,
                    generator=torch.Generator(),  # else it draws from what initialises networks
                )
            )
        self._next = step + 1
        x, y = next(self._loader)
        return x.to(device), y.to(device)
