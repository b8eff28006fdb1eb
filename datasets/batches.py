"""Training batches as a pure function of the step, so that a resumed run sees the same data."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..frames import Size, frame_of
from ..images import resize

CROP = (256 / 286, 256 / 286)  # of the picture's side: CycleGAN's and UGATIT's crops


class Batches:
    """Random crops, flips and lights of two picture sets.

    Args:
        source, target: uint8[N, H, W, 3] and uint8[M, H, W, 3], at least as large as `size`.
        size: the frame of what comes out: a square's side, or height and width.
        crop: least and greatest sides of what is cropped, as shares of H and W, before it is
            resampled.
        paired: source[i] belongs to target[i]; both get the same crop and flip.
        flip: "both", or "source": the target stays as it is, as where an artist draws every
            parting on the left. A pair's crops then are mirrored to one another.
        turn: degrees up to which a picture is turned, either way; its edges are mirrored.
        light: how far the source's contrast and its gains vary (0..1): lamps and cameras differ.
        seed: of the order, the crops, the flips and the light.
    """

    def __init__(
        self,
        source: np.ndarray,
        target: np.ndarray,
        *,
        size: Size,
        batch: int,
        paired: bool,
        seed: int,
        crop: tuple[float, float] = CROP,
        flip: Literal["both", "source"] = "both",
        turn: float = 0.0,
        light: float = 0.0,
    ):
        self.source, self.target = source, target
        self.frame, self.batch, self.paired, self.seed = frame_of(size), batch, paired, seed
        self.crop, self.flip, self.turn, self.light = crop, flip, turn, light
        self._cached: dict[tuple[int, int], np.ndarray] = {}  # (stream, epoch) to its permutation

    def at(self, step: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """The batch of a step: two float32 [batch, 3, *frame] in [-1, 1], channels last."""
        x = self._draw(self.source, step, stream=0)
        y = self._draw(
            self.target, step, stream=0 if self.paired else 1, fixed=self.flip == "source"
        )
        x, y = to_tensor(x), to_tensor(y)
        if self.light:
            x = self._relight(x, step)
        return x.to(device), y.to(device)

    def _relight(self, x: Tensor, step: int) -> Tensor:
        """Contrast and a gain that varies over the picture and, less, with the channel.

        The gain's logarithm is a coarse grid of random numbers, enlarged: lamps, shadows, white
        balances.
        """
        rng = np.random.default_rng([self.seed, 2, step])

        def uniform(*shape: int) -> Tensor:
            return self.light * torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))

        cells = int(rng.integers(1, 5))
        grid = 2 * uniform(len(x), 1, cells, cells) + uniform(len(x), 3, 1, 1) / 2
        gain = F.interpolate(grid, x.shape[2:], mode="bicubic").exp()
        # numpy's, whose sum does not depend on the number of threads
        mean = torch.from_numpy(x.numpy().mean((1, 2, 3), keepdims=True))
        moved = (mean + (1 + uniform(len(x), 1, 1, 1)) * (x - mean) + 1) * gain - 1
        return moved.clamp(-1, 1).contiguous(memory_format=torch.channels_last)

    def _draw(
        self, pictures: np.ndarray, step: int, stream: int, fixed: bool = False
    ) -> np.ndarray:
        rng = np.random.default_rng([self.seed, stream, step])
        (rows, columns), (least, most) = pictures.shape[1:3], self.crop
        crops = []
        for position in range(step * self.batch, (step + 1) * self.batch):
            picture = pictures[self._order(len(pictures), stream, position)]
            share = rng.uniform(least, most) if least < most else most
            height, width = round(rows * share), round(columns * share)
            top, left = rng.integers(0, (rows - height + 1, columns - width + 1))
            flipped = rng.random() < 0.5
            angle = rng.uniform(-self.turn, self.turn) if self.turn else 0.0
            if flipped and fixed:  # what the flipped crop of an own mirror image would show
                left, angle = columns - width - left, -angle
            if self.turn:
                picture = turned(picture, angle)
            crop = resize(picture[top : top + height, left : left + width], *self.frame[::-1])
            crops.append(crop[:, ::-1] if flipped and not fixed else crop)
        return np.stack(crops)

    def _order(self, count: int, stream: int, position: int) -> int:
        """The picture at a position of the endless sequence of shuffled epochs."""
        epoch, offset = divmod(position, count)
        key = (stream, epoch)
        if key not in self._cached:
            self._cached = {k: v for k, v in self._cached.items() if k[0] != stream}
            self._cached[key] = np.random.default_rng([self.seed, stream, epoch, 1]).permutation(
                count
            )
        return int(self._cached[key][offset])


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    """Turned counterclockwise about its centre, uint8[H, W, 3]; beyond its edges it is mirrored."""
    (height, width), angle = picture.shape[:2], np.radians(abs(degrees))
    longer, shorter = max(height, width), min(height, width)
    more = longer * np.sin(angle) + shorter * (np.cos(angle) - 1)  # up to 45 degrees
    margin = int(np.ceil(more / 2)) + 1
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    whole = Image.fromarray(padded).rotate(degrees, Image.Resampling.BICUBIC)
    return np.asarray(whole)[margin : margin + height, margin : margin + width]


def to_tensor(pictures: np.ndarray) -> Tensor:
    """uint8[N, H, W, 3] → float32 [N, 3, H, W] in [-1, 1], channels last in memory."""
    return torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)


def to_pictures(tensor: Tensor) -> np.ndarray:
    """[N, 3, H, W] in [-1, 1] → uint8[N, H, W, 3], rounded."""
    scaled = (tensor.detach().float().clamp(-1, 1) + 1) * 127.5
    return scaled.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
