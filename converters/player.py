"""A TFLite file that is played on this computer's CPU, by the clock."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from ..errors import playing
from ..quiet import quiet
from ..sdk.bundle import ENCODE_STYLE, STYLE

NETWORK = "the network"  # as messages call it


class Player:
    """One signature of a file, of one picture in and one out, in one interpreter."""

    def __init__(
        self,
        tflite: bytes,
        threads: int = 1,
        signature: str | None = None,
        fixed: Mapping[str, np.ndarray] | None = None,
    ):
        """
        Args:
            signature: its name; None takes the only one.
            fixed: what it takes beside the picture, the same for all.
        """
        from ai_edge_litert.interpreter import Interpreter

        with quiet(), playing(NETWORK):  # the runtime announces its kernels
            interpreter = Interpreter(model_content=tflite, num_threads=threads)
            interpreter.allocate_tensors()
            self._run = interpreter.get_signature_runner(signature)
        self._fixed = dict(fixed or {})
        (self._content,) = self._run.get_input_details().keys() - self._fixed.keys()
        (self._stylized,) = self._run.get_output_details()

    def play(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        """What it makes of a picture, [H, W, C] of the file's own type, and the seconds it took."""
        start = time.perf_counter()
        with playing(NETWORK):
            made = self._run(**{self._content: picture[None]}, **self._fixed)
        seconds = time.perf_counter() - start
        return made[self._stylized][0], seconds

    def play_all(self, pictures: np.ndarray) -> np.ndarray:
        """What it makes of pictures [N, H, W, C]."""
        return np.stack([self.play(picture)[0] for picture in pictures])


def style_statistics(tflite: bytes, style: np.ndarray) -> dict[str, np.ndarray]:
    """What `encode_style` makes of a style picture [S, S, 3]."""
    from ai_edge_litert.interpreter import Interpreter

    with quiet(), playing(NETWORK):
        interpreter = Interpreter(model_content=tflite)
        interpreter.allocate_tensors()
        return interpreter.get_signature_runner(ENCODE_STYLE)(**{STYLE: style[None]})
