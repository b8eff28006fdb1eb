"""Prune an auto-encoder as far as its pictures allow, without training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...datasets import to_tensor
from ...errors import UsageError
from .least_squares import refit
from .removal import error_shares, lowest, silent_channels, without
from .statistics import channel_statistics

HELD_OUT = 0.125  # of the pictures: PSNR is of these, nothing is fitted to them
HALVINGS = 5  # of the range in which the share of channels that go is looked for

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pruned:
    """What `prune` did.

    Attributes:
        network: the compact one.
        silent, gone: channels that were zero on every picture, and all that went, of `channels`.
        params_before, params_after: weights.
        psnr_before, psnr_after: of the pictures held out, given back by the auto-encoder, dB.
        learned, held_out: pictures.
    """

    network: nn.Module
    channels: int
    silent: int
    gone: int
    params_before: int
    params_after: int
    psnr_before: float
    psnr_after: float
    learned: int
    held_out: int


def prune(network: nn.Module, pictures: np.ndarray, lose_db: float, report: Report) -> Pruned:
    """Channels that are zero on all pictures go, then those that matter least.

    Of the others the means go into the next layers' biases, and the layers are fitted anew by
    least squares. How many go is found by halving.

    Args:
        network: with `reconstruct`, on the CPU.
        pictures: uint8 [N, S, S, 3], 8 at least, in no order.
        lose_db: how much of the PSNR may go; 0 removes zeros only.

    Raises:
        UsageError: too few pictures.
    """
    held_out = max(1, round(HELD_OUT * len(pictures)))
    if len(pictures) < 8:
        raise UsageError(
            f"{len(pictures)} pictures are too few to see what channels do: 8 at least"
        )
    judged, learned = pictures[:held_out], pictures[held_out:]
    found = channel_statistics(network, learned, lambda *done: report("statistics", *done))
    silent = silent_channels(network, found)
    best, gone, before = without(network, silent), silent, psnr(network, judged)
    count = sum(map(len, silent.values()))
    zeros = sum(int(channels.sum()) for channels in silent.values())
    if lose_db > 0:
        scores = error_shares(network, found)
        low, high = zeros / count, 1.0
        for step in range(HALVINGS):
            share = (low + high) / 2
            some = lowest(scores, share)
            small = without(network, some, found)
            kept = {name: (~out).nonzero().flatten() for name, out in some.items()}
            refit(small, network, kept, learned)
            if before - psnr(small, judged) <= lose_db:
                low, best, gone = share, small, some
            else:
                high = share
            report("prune", step + 1, HALVINGS)
    return Pruned(
        network=best,
        channels=count,
        silent=zeros,
        gone=sum(int(channels.sum()) for channels in gone.values()),
        params_before=_params(network),
        params_after=_params(best),
        psnr_before=before,
        psnr_after=psnr(best, judged),
        learned=len(learned),
        held_out=held_out,
    )


@torch.no_grad()
def psnr(network: nn.Module, pictures: np.ndarray) -> float:
    """Of what an auto-encoder gives back, dB. Args: pictures: uint8 [N, S, S, 3]."""
    errors = []
    for picture in pictures:
        x = to_tensor(picture[None])
        errors.append(float((network.reconstruct(x).clamp(-1, 1) - x).square().mean()))
    return float(10 * np.log10(4 / np.mean(errors)))


def _params(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
