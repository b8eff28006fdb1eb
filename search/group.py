"""Several processes that train one network: each its part of every batch, all the same steps.

`torchrun --nproc-per-node N -m pocketstyle train …` starts them. Every process holds all networks,
takes its part of the batch, and averages gradients before each step; normalisations here are per
picture, so that the steps are those of one process with the whole batch
(tests/search/test_group.py). The first process writes the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn


class Group:
    """The processes of this training.

    Attributes:
        rank, size: this one, of how many.
    """

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if self.size > 1 and not distributed.is_initialized():
            if torch.cuda.is_available():
                torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")

    @property
    def first(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes have come here."""
        if self.size > 1:
            distributed.barrier()

    def part(self, batch: Tensor) -> Tensor:
        """This process's pictures of a batch."""
        count = len(batch) // self.size
        return batch[self.rank * count : (self.rank + 1) * count]

    def whole(self, part: Tensor) -> Tensor:
        """The parts of all processes in order, without gradients."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        distributed.all_gather(parts, part.detach().contiguous())
        return torch.cat(parts)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Make every gradient the mean of the processes' own."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        sizes = [gradient.numel() for gradient in gradients]
        for gradient, mean in zip(gradients, flat.split(sizes), strict=True):
            gradient.copy_(mean.view(gradient.shape))

    def any(self, here: bool) -> bool:
        """Whether it is so in one of the processes."""
        return here if self.size == 1 else bool(self.mean(torch.tensor(float(here))) > 0)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a number over the processes."""
        if self.size == 1:
            return value
        value = value.detach().clone()
        distributed.all_reduce(value)
        return value / self.size
