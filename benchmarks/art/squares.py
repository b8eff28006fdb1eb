"""Contents and styles that pages may show: scikit-image's and scikit-learn's photos, and pictures
painted by styles.py."""

from __future__ import annotations

import numpy as np
from painted_styles import dots, hatching, mosaic, oil, pattern
from pocketstyle.datasets import to_tensor
from pocketstyle.images import centre_square, resize
from skimage import data
from sklearn.datasets import load_sample_images
from torch import Tensor

SEED = 7  # none of the pictures that networks are trained on


def sample_squares(side: int) -> list[tuple[Tensor, Tensor]]:
    """Five pairs, [1, 3, side, side] of -1..1 each."""
    china, flower = load_sample_images().images
    photos = {"china": china, "flower": flower}
    photos |= {name: getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")}
    random = np.random.default_rng(SEED)

    def square(name: str, size: int) -> np.ndarray:
        return resize(np.ascontiguousarray(centre_square(photos[name])), size, size)

    pairs = (
        ("astronaut", oil, "flower"),
        ("china", pattern, "coffee"),
        ("chelsea", mosaic, "china"),
        ("coffee", hatching, "astronaut"),
        ("flower", dots, "rocket"),
    )
    made = []
    for content, manner, source in pairs:
        style = np.clip(manner(square(source, 288) / 255, random), 0, 1)
        style = resize(np.rint(255 * style).astype(np.uint8), side, side)
        made.append((to_tensor(square(content, side)[None]), to_tensor(style[None])))
    return made
