"""What pruning leaves of a network: exact zeros, curves of near-zero channels and of magnitudes."""

from __future__ import annotations

import numpy as np
import torch
from pocketstyle.datasets import to_tensor
from pocketstyle.latency_model import predict_all
from pocketstyle.networks import ArtNetwork
from pocketstyle.search.zero_channel import (
    channel_statistics,
    error_shares,
    lowest,
    magnitudes,
    prune,
    psnr,
    refit,
    silent_channels,
    styled_psnr,
    without,
)
from scores import Scores
from torch import nn

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of channels that go
MOST_LOST = 0.5  # dB


def params(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def pruned(network: ArtNetwork, pictures: np.ndarray, unseen: np.ndarray, scores: Scores) -> dict:
    """Everything that the page tells of one network.

    Args:
        pictures: uint8 [N, S, S, 3] that channels are looked at with and layers are fitted to.
        unseen: likewise, of which nothing was trained, fitted or chosen: PSNR is of these.
    """
    seen = channel_statistics(network, pictures)
    silent = silent_channels(network, seen)
    exact, whole = without(network, silent), psnr(network, unseen)
    with torch.no_grad():
        apart = [
            (exact.reconstruct(x) - network.reconstruct(x)).abs().max()
            for x in to_tensor(pictures).split(1)
        ]
    ranked = {"near-zero": error_shares(network, seen), "magnitude": magnitudes(network)}
    curve = []
    for share in SHARES:
        for criterion, ranks in ranked.items():
            gone = lowest(ranks, share)
            small = without(network, gone, seen)
            row = {"criterion": criterion, "share": share, "params": params(small)}
            row |= {"ms": predict_all(small.kernels())["s10"], "psnr_db": psnr(small, unseen)}
            kept = {name: (~out).nonzero().flatten() for name, out in gone.items()}
            refit(small, network, kept, pictures)
            row["refitted_psnr_db"] = psnr(small, unseen)
            row["styled_psnr_db"] = styled_psnr(small, network, unseen)
            row |= scores.of(small)
            curve.append(row)
    done = prune(network, pictures, MOST_LOST, lambda *_: None)
    return {
        "criterion": "silent on every picture",
        "channels": sum(map(len, silent.values())),
        "silent": sum(int(channels.sum()) for channels in silent.values()),
        "silent_trunk": sum(
            int(out.sum()) for name, out in silent.items() if not name.startswith("decode")
        ),
        "params_before": params(network),
        "params_after": params(exact),
        "trunk_before": params(network.encoder),
        "trunk_after": params(exact.encoder),
        "max_abs_difference": float(max(apart)),
        "psnr_db": whole,
        "ms": predict_all(network.kernels())["s10"],
        **scores.of(network),
        "pairs": scores.pairs,
        "curve": curve,
        "near_zero_params": done.params_after,
        "near_zero_trunk": params(done.network.encoder),
        "near_zero_lost_db": whole - psnr(done.network, unseen),
        "near_zero_styled_db": styled_psnr(done.network, network, unseen),
        "near_zero_ms": predict_all(done.network.kernels())["s10"],
        "near_zero_scores": scores.of(done.network),
        "pictures": len(pictures),
        "unseen": len(unseen),
    }
