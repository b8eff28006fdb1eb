"""A TFLite file that is played on this computer's CPU, by the clock."""

from __future__ import annotations

import time

import numpy as np

from ..quiet import quiet


class Player:
    """One signature of a file, of one picture in and one out, in one interpreter."""

    def __init__(self, tflite: bytes, threads: int = 1, signature: str | None = None):
        """
        Args:
            signature: its name; None takes the only one.
        """
        from ai_edge_litert.interpreter import Interpreter

        with quiet():  # the runtime announces its kernels
            interpreter = Interpreter(model_content=tflite, num_threads=threads)
            interpreter.allocate_tensors()
            self._run = interpreter.get_signature_runner(signature)
        (self._content,) = self._run.get_input_details()
        (self._stylized,) = self._run.get_output_details()

    def play(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        """What it makes of a picture, [H, W, C] of the file's own type, and the seconds it took."""
        start = time.perf_counter()
        made = self._run(**{self._content: picture[None]})
        seconds = time.perf_counter() - start
        return made[self._stylized][0], seconds

    def play_all(self, pictures: np.ndarray) -> np.ndarray:
        """What it makes of pictures [N, H, W, C]."""
        return np.stack([self.play(picture)[0] for picture in pictures])
