"""A TFLite file that is played on this computer's CPU, by the clock."""

from __future__ import annotations

import time

import numpy as np

from ..quiet import quiet


class Player:
    """One file of one picture in and one out, in one interpreter."""

    def __init__(self, tflite: bytes, threads: int = 1):
        from ai_edge_litert.interpreter import Interpreter

        with quiet():  # the runtime announces its kernels
            self._interpreter = Interpreter(model_content=tflite, num_threads=threads)
            self._interpreter.allocate_tensors()
        (content,) = self._interpreter.get_input_details()
        (stylized,) = self._interpreter.get_output_details()
        self._content, self._stylized = content["index"], stylized["index"]

    def play(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        """What it makes of a picture, [H, W, C] of the file's own type, and the seconds it took."""
        self._interpreter.set_tensor(self._content, picture[None])
        start = time.perf_counter()
        self._interpreter.invoke()
        seconds = time.perf_counter() - start
        return self._interpreter.get_tensor(self._stylized)[0], seconds

    def play_all(self, pictures: np.ndarray) -> np.ndarray:
        """What it makes of pictures [N, H, W, C]."""
        return np.stack([self.play(picture)[0] for picture in pictures])
