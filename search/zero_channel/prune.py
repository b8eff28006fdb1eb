"""Prune an auto-encoder as far as its pictures allow, without training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from ...datasets import to_tensor
from ...errors import UsageError
from .least_squares import refit
from .passes import drawn
from .removal import error_shares, lowest, silent_channels, without
from .statistics import channel_statistics

TINY = 1e-10  # equal pictures: 106 dB
HELD_OUT = 0.125  # of the pictures: PSNR is of these, nothing is fitted to them
STYLED_DB = 35  # PSNR to the whole network's pictures in others' manners, at least: below it styles
# lose their textures, of which a picture that is given back shows nothing
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
        styled_psnr: what is left against the whole network, in other pictures' manners, dB.
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
    styled_psnr: float
    learned: int
    held_out: int


def prune(network: nn.Module, pictures: np.ndarray, lose_db: float, report: Report) -> Pruned:
    """Channels that are zero on all pictures go, then those that matter least.

    Of the others the means go into the next layers' biases, and the layers are fitted anew by
    least squares. How many go is found by halving.

    Args:
        network: with `encode` and `decode`, on the CPU.
        pictures: uint8 [N, S, S, 3], 8 at least, in no order.
        lose_db: how much of the PSNR may go; 0 removes zeros only. Styles keep `STYLED_DB`.

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
            close = styled_psnr(small, network, judged) >= STYLED_DB
            if close and before - psnr(small, judged) <= lose_db:
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
        styled_psnr=styled_psnr(best, network, judged),
        learned=len(learned),
        held_out=held_out,
    )


def psnr(network: nn.Module, pictures: np.ndarray) -> float:
    """Of what an auto-encoder gives back, dB. Args: pictures: uint8 [N, S, S, 3]."""
    both = zip(drawn(network, pictures), pictures, strict=True)
    return _psnr((made, to_tensor(picture[None])) for (made, _), picture in both)


def styled_psnr(small: nn.Module, whole: nn.Module, pictures: np.ndarray) -> float:
    """Of pictures in others' manners, to what the whole network makes, dB; as in `psnr`."""
    both = zip(drawn(small, pictures), drawn(whole, pictures), strict=True)
    return _psnr((made, wanted) for (_, made), (_, wanted) in both)


def _psnr(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    errors = [float((made - wanted).square().mean()) for made, wanted in pairs]
    return float(10 * np.log10(4 / max(np.mean(errors), TINY)))


def _params(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
