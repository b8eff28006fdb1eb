"""Zero-channel pruning (ArtNet, An et al. 2020) and what goes beyond it: near-zero channels."""

from .least_squares import refit
from .prune import Pruned, prune, psnr, styled_psnr
from .removal import Channels, error_shares, lowest, magnitudes, silent_channels, without
from .statistics import ChannelStatistics, channel_statistics

__all__ = [
    "ChannelStatistics",
    "Channels",
    "Pruned",
    "channel_statistics",
    "error_shares",
    "lowest",
    "magnitudes",
    "prune",
    "psnr",
    "refit",
    "silent_channels",
    "styled_psnr",
    "without",
]
