"""One frame of a loaded network: a signature, with tensors that are reused from call to call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError, playing
from ..frames import Frame
from .bundle import STYLE, BundleInfo, Signature
from .signatures import encoder_of, picture_tensors, runner_of

Statistics = dict[str, np.ndarray]


class FramePlayer:
    """Pictures of one frame in, pictures out; to be called from the network's own thread.

    Attributes:
        name: of the bundle.
        frame: height and width.
        input, output: its tensors.
        takes_style: whether it draws by a style's statistics, which come behind the picture.
    """

    def __init__(self, info: BundleInfo, signature: Signature, path: str | Path) -> None:
        """Check what the metadata promise.

        Raises:
            FormatError: no signature of one picture in, one out.
        """
        self.name, self._info, self._signature, self._path = info.name, info, signature, path
        self.input, self.output = picture_tensors(signature, path)
        self.frame: Frame = self.input.shape[1:3]
        self.takes_style = len(signature.inputs) > 1
        self._runner: Any = None
        self._encoder: Any = None

    def load(self, network: Any) -> None:
        """Take a network's runners.

        Raises:
            FormatError: the network is not what the metadata promise.
        """
        self._runner = runner_of(network, self._signature, self._path)
        if self.takes_style:
            self._encoder = encoder_of(network, self._info, self._path)
        self._taken = np.empty(self.input.shape, self.input.dtype)
        self._mixed, self._scratch = np.empty((2, *self.output.shape), np.float32)

    def close(self) -> None:
        """Let go of the network."""
        self._runner = self._encoder = None

    def apply(
        self, picture: np.ndarray, out: np.ndarray, manner: tuple[list[tuple[Any, float]], float]
    ) -> None:
        """Stylize uint8[*frame, 3] into `out`, the same.

        Args:
            manner: statistics of styles with their shares, and alpha.
        """
        styles, alpha = manner
        self._normalise(picture, self._taken[0])
        made = self._play(self._taken, styles)
        if alpha < 1:
            np.subtract(made, self._taken, out=self._mixed, dtype=np.float32)
            self._mixed *= alpha
            made = np.add(self._mixed, self._taken, out=self._mixed)
        self._denormalise(made[0], out)

    def run(self, tensor: np.ndarray, styles: list[tuple[Any, float]]) -> np.ndarray:
        """What the network makes of a tensor, a copy."""
        return self._play(tensor, styles).copy()

    def statistics(self, picture: np.ndarray) -> Statistics:
        """What is kept of a style picture, uint8[*frame, 3]."""
        self._normalise(picture, self._taken[0])
        made = self._made_by(self._encoder, {STYLE: self._taken})
        return {name: value.copy() for name, value in made.items()}

    def _play(self, tensor: np.ndarray, styles: list[tuple[Any, float]]) -> np.ndarray:
        """What the network makes, or of several styles the mean; memory that is used again."""
        if self.takes_style and not styles:
            raise UsageError(f"{self.name} draws in the manner of a style picture; give one")
        if len(styles) < 2:
            return self._run(tensor, styles[0][0] if styles else {})
        self._mixed.fill(0)
        for statistics, share in styles:
            made = self._run(tensor, statistics)
            self._mixed += np.multiply(made, np.float32(share), out=self._scratch)
            del made  # the runtime refuses to run while its memory is held
        return self._mixed

    def _run(self, tensor: np.ndarray, statistics: Statistics) -> np.ndarray:
        tensors = {self.input.name: tensor} | statistics
        return self._made_by(self._runner, tensors)[self.output.name]

    def _made_by(self, runner: Any, tensors: Statistics) -> Statistics:
        """What a signature makes of tensors."""
        with playing(self.name):
            return runner(**tensors)

    def _normalise(self, pixels: np.ndarray, tensor: np.ndarray) -> None:
        """tensor = (pixels - mean) / std, in place; both [*frame, 3]."""
        if self.input.dtype == "uint8":
            tensor[...] = pixels
            return
        np.subtract(pixels, self.input.mean, out=tensor, dtype=np.float32)
        np.divide(tensor, np.float32(self.input.std), out=tensor)

    def _denormalise(self, tensor: np.ndarray, pixels: np.ndarray) -> None:
        """pixels = tensor * std + mean, rounded and clipped, in place; both [*frame, 3]."""
        if tensor.dtype == np.uint8:
            pixels[...] = tensor
            return
        scratch = self._scratch[0]
        np.multiply(tensor, np.float32(self.output.std), out=scratch)
        np.add(scratch, np.float32(self.output.mean), out=scratch)
        np.rint(scratch, out=scratch)
        np.clip(scratch, 0, 255, out=scratch)
        np.copyto(pixels, scratch, casting="unsafe")
