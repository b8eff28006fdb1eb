"""The last pool of Inception, 2048 channels, as torch-fidelity and torchmetrics compute it.

Theirs is the figure of most papers. It needs thousands of pictures: of fewer than 2048 the
covariance is singular, and FID by far too high.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import FormatError, UsageError, first_line
from .inception import in_batches


def load_inception_2048(path: str | Path) -> nn.Module:
    """torchmetrics' Inception with torch-fidelity's weights.

    Args:
        path: the tensors of pt_inception-2015-12-05-6726825d.pth as safetensors (docs/data.md).
            That file itself is a pickle, and none is loaded here.

    Raises:
        UsageError: no such file.
        FormatError: the file holds something else.
    """
    from torchmetrics.image.fid import NoTrainInceptionV3

    path = Path(path)
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise FormatError(
            f"{path} is not in the format of safetensors; docs/data.md says how to make it"
        ) from error
    with TemporaryDirectory() as folder:
        written = Path(folder) / "tensors.pth"  # torch-fidelity takes a file alone
        torch.save(tensors, written)
        try:
            network = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(written))
        except RuntimeError as error:
            raise FormatError(
                f"{path} holds no Inception of torch-fidelity: {first_line(error)}"
            ) from error
    return network.eval().requires_grad_(False)


@torch.no_grad()
def features_2048(
    network: nn.Module,
    pictures: np.ndarray,
    batch: int = 16,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """The last pool, as torchmetrics' FrechetInceptionDistance(2048) takes it.

    Args:
        network: of `load_inception_2048`, on any device.
        pictures: uint8[N, H, W, 3], N >= 1.
        batch: pictures at a time.
        report: called with the pictures done and their total.

    Returns:
        float64 [N, 2048] on the CPU.
    """

    def pooled(x: Tensor) -> Tensor:
        return network(x.permute(0, 3, 1, 2)).double()

    return in_batches(pooled, next(network.parameters()).device, pictures, batch, report)
