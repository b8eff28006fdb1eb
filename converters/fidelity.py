"""How far a TFLite file's pictures are from others of the same photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..frames import Frame
from ..images import cropped, read_rgb, resize
from ..sdk.bundle import TensorInfo

PHOTO = Path(__file__).parents[1] / "demo/astronaut.jpg"  # NASA's, in the public domain
LEVELS = 127.5  # 0..255 per unit of -1..1


@dataclass(frozen=True)
class Fidelity:
    """Differences of pictures whose pixels are -1..1, whatever a network makes of them.

    Attributes:
        max_abs, mean_abs: of all values.
        p95_abs: what 95 of a hundred of them keep.
        psnr_db: peak to peak 2.
        ssim: mean structural similarity.
    """

    max_abs: float
    mean_abs: float
    p95_abs: float
    psnr_db: float
    ssim: float


def compare(made: np.ndarray, wanted: np.ndarray) -> Fidelity:
    """Of two stacks of pictures, float32[N, H, W, 3]."""
    import torch

    from ..metrics import ssim

    difference = np.abs(made.astype(np.float64) - wanted)
    mean_square = max(float((difference**2).mean()), 1e-20)  # equal arrays: 206 dB
    x, y = (torch.from_numpy(a).permute(0, 3, 1, 2).contiguous() for a in (made, wanted))
    return Fidelity(
        float(difference.max()),
        float(difference.mean()),
        float(np.percentile(difference, 95)),
        float(10 * np.log10(4 / mean_square)),
        float(ssim(x, y).mean()),
    )


def network_values(pixels: np.ndarray, mean: float, std: float) -> np.ndarray:
    """uint8 pixels as a network has them, float32."""
    return ((pixels.astype(np.float32) - mean) / std).astype(np.float32)


def at_frame(pictures: np.ndarray, frame: Frame) -> np.ndarray:
    """uint8[N, H, W, 3] resized to uint8[N, *frame, 3]."""
    height, width = frame
    return np.stack([resize(picture, width, height) for picture in pictures])


def as_taken(pixels: np.ndarray, content: TensorInfo, mean: float, std: float) -> np.ndarray:
    """uint8 pixels as a file takes them: themselves, or network values."""
    return pixels if content.dtype == "uint8" else network_values(pixels, mean, std)


def as_signed(made: np.ndarray, mean: float, std: float) -> np.ndarray:
    """What a file or a network gives, pixels or network values, with pixels as -1..1; float32."""
    pixels = made if made.dtype == np.uint8 else made * std + mean
    return (pixels.astype(np.float32) - LEVELS) / LEVELS


def noise(shape: tuple[int, ...]) -> np.ndarray:
    """Two pictures for who has none: uint8[2, *shape[1:]], the same every time."""
    return np.random.default_rng(0).integers(0, 256, (2, *shape[1:]), np.uint8)


def sample_pictures(frame: Frame) -> np.ndarray:
    """What a network is tried on that comes without pictures: a photo, a part of it larger, and
    noise; uint8[4, H, W, 3], the same every time."""
    photo = read_rgb(PHOTO)
    part = photo[: photo.shape[0] // 2, photo.shape[1] // 4 : photo.shape[1] * 3 // 4]
    photos = [cropped(one, frame) for one in (photo, part)]
    return np.concatenate([np.stack(photos), noise((1, *frame, 3))])
