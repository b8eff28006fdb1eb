"""Which frames a network can be converted at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import PocketstyleError, UsageError
from ..frames import Frame, Size, check_multiple, frame_of, frame_text

if TYPE_CHECKING:
    from torch import nn

# Both delegates hold a map as a texture with four channels in a pixel, as wide as the map and as
# high as its rows times its slices of four channels (TensorFlow, lite/delegates/gpu, TEXTURE_2D);
# the GPUs of the phones in the speed model have textures of this side at most.
MOST_TEXELS = 16384
CHANNELS = 4  # of a texture's pixel


def check_frames(network: nn.Module, sizes: Iterable[Size] = ()) -> None:
    """Refuse frames that a network or a phone's GPU does not take, before any work.

    Args:
        sizes: further ones beside the network's own.

    Raises:
        UsageError: a frame is there twice, its sides do not suit the network, its maps are too
            large, or the network gives pictures of another size back.
    """
    import torch  # not where a bundle's rules are asked alone

    frames = [network.spec.frame, *(frame_of(size) for size in sizes)]
    if len(set(frames)) < len(frames):
        raise UsageError(f"a frame is there twice: {', '.join(map(frame_text, frames))}")
    for frame in frames:
        check_multiple(frame, getattr(network, "multiple", 1), network.spec.family)
        _check_maps(network, frame)
    for frame in frames:
        try:
            with torch.no_grad():
                fits = network(torch.zeros(1, 3, *frame)).shape == (1, 3, *frame)
        except (RuntimeError, ValueError, IndexError, PocketstyleError):
            fits = False
        if not fits:
            raise UsageError(
                f"a frame of {frame_text(frame)}: the network does not give such pictures back"
            )


def _check_maps(network: nn.Module, frame: Frame) -> None:
    if hasattr(network, "kernels"):
        maps = [(kernel.h, kernel.w, kernel.cout) for kernel in network.kernels(*frame)]
    else:  # of others: the picture is the only map that is known
        maps = [(*frame, 3)]
    for height, width, channels in maps:
        if too_large(height, width, channels):
            raise UsageError(
                f"a frame of {frame_text(frame)}: a map of {channels} channels at "
                f"{height}x{width} is larger than a texture of a phone's GPU, "
                f"{MOST_TEXELS} on a side with {CHANNELS} channels in a pixel"
            )


def too_large(height: int, width: int, channels: int) -> bool:
    """Whether a map is larger than a texture."""
    return width > MOST_TEXELS or height * -(-channels // CHANNELS) > MOST_TEXELS
