"""What plays the frames of a video as they are, where a Stylizer takes squares."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

CROPPED = "a face that is cropped is shown alone: no comparison, no mask, no steadiness"


class WholeFrames(ABC):
    """Takes each frame of a video, in their order, with the time that it is shown at."""

    @abstractmethod
    def stylize(self, rgb: np.ndarray, seconds: float | None = None) -> np.ndarray:
        """uint8[H, W, 3] → a picture of `made_size`; None for a picture on its own."""

    @abstractmethod
    def made_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of what is made of pictures of a size."""
