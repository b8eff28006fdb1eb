"""A TFLite file that is played by the clock."""

from __future__ import annotations

import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Player:
    """One file in one interpreter."""

    def __init__(self, tflite: bytes, threads: int):
        self.interpreter = Interpreter(model_content=tflite, num_threads=threads)
        self.interpreter.allocate_tensors()
        (content,), (stylized,) = (
            self.interpreter.get_input_details(),
            self.interpreter.get_output_details(),
        )
        self.content, self.stylized = content["index"], stylized["index"]

    def play(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        self.interpreter.set_tensor(self.content, picture[None])
        start = time.perf_counter()
        self.interpreter.invoke()
        seconds = time.perf_counter() - start
        return self.interpreter.get_tensor(self.stylized)[0], seconds
