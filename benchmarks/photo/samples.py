"""Photos that pages may show: scikit-image's (public domain, CC0), scikit-learn's (CC BY 2.0)."""

from __future__ import annotations

import numpy as np
from pocketstyle.images import resize
from skimage import data
from sklearn.datasets import load_sample_images

PAIRS = (  # content and style
    ("china", "coffee"),
    ("china", "flower"),
    ("china", "rocket"),
    ("coffee", "rocket"),
    ("flower", "coffee"),
)


def sample_pairs(height: int, width: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """uint8[height, width, 3] each, cropped to the aspect."""
    photos = dict(zip(("china", "flower"), load_sample_images().images, strict=True))

    def photo(name: str) -> np.ndarray:
        whole = photos[name] if name in photos else getattr(data, name)()
        h, w = whole.shape[:2]
        share = min(h / height, w / width)
        top, left = round((h - share * height) / 2), round((w - share * width) / 2)
        cut = whole[top : top + round(share * height), left : left + round(share * width)]
        return resize(cut, width, height)

    return [(photo(content), photo(style)) for content, style in PAIRS]
