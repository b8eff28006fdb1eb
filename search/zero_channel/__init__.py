"""Zero-channel pruning (ArtNet, An et al. 2020) and what goes beyond it: near-zero channels."""

from .least_squares import refit
from .removal import Channels, error_shares, lowest, magnitudes, silent_channels, without
from .statistics import ChannelStatistics, channel_statistics

__all__ = [
    "ChannelStatistics",
    "Channels",
    "channel_statistics",
    "error_shares",
    "lowest",
    "magnitudes",
    "refit",
    "silent_channels",
    "without",
]
