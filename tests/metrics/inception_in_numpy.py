"""Inception-v3 up to mixed_7 in plain numpy and TensorFlow's layout (NHWC, weights OHWI)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def shapes() -> dict[str, tuple[int, int, int, int]]:
    """Of every convolution's weights: out, height, width, in."""
    found = {
        "conv": (32, 3, 3, 3),
        "conv_1": (32, 3, 3, 32),
        "conv_2": (64, 3, 3, 32),
        "conv_3": (80, 1, 1, 64),
        "conv_4": (192, 3, 3, 80),
    }
    for block, cin, pooled in (("mixed", 192, 32), ("mixed_1", 256, 64), ("mixed_2", 288, 64)):
        found |= {
            f"{block}_conv": (64, 1, 1, cin),
            f"{block}_tower_conv": (48, 1, 1, cin),
            f"{block}_tower_conv_1": (64, 5, 5, 48),
            f"{block}_tower_1_conv": (64, 1, 1, cin),
            f"{block}_tower_1_conv_1": (96, 3, 3, 64),
            f"{block}_tower_1_conv_2": (96, 3, 3, 96),
            f"{block}_tower_2_conv": (pooled, 1, 1, cin),
        }
    found |= {
        "mixed_3_conv": (384, 3, 3, 288),
        "mixed_3_tower_conv": (64, 1, 1, 288),
        "mixed_3_tower_conv_1": (96, 3, 3, 64),
        "mixed_3_tower_conv_2": (96, 3, 3, 96),
    }
    for block, n in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
        found |= {
            f"{block}_conv": (192, 1, 1, 768),
            f"{block}_tower_conv": (n, 1, 1, 768),
            f"{block}_tower_conv_1": (n, 1, 7, n),
            f"{block}_tower_conv_2": (192, 7, 1, n),
            f"{block}_tower_1_conv": (n, 1, 1, 768),
            f"{block}_tower_1_conv_1": (n, 7, 1, n),
            f"{block}_tower_1_conv_2": (n, 1, 7, n),
            f"{block}_tower_1_conv_3": (n, 7, 1, n),
            f"{block}_tower_1_conv_4": (192, 1, 7, n),
            f"{block}_tower_2_conv": (192, 1, 1, 768),
        }
    return found


def random_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """As the file holds them, of a size that keeps the maps' scale."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, shape in shapes().items():
        scale = (2 / np.prod(shape[1:])) ** 0.5
        arrays[f"weights_{name}"] = rng.normal(0, scale, np.prod(shape)).astype(np.float32)
        arrays[f"bias_{name}"] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
    return arrays


def mixed_7(x: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """float64[N, H, W, 3] → [N, h, w, 768]."""
    shape = shapes()

    def conv(x, name, stride=1, padding="SAME"):
        out, height, width, _ = shape[name]
        if padding == "SAME":
            x = _pad(x, height // 2, width // 2)
        seen = _windows(x, height, width, stride)  # [N, h, w, height, width, in]
        kernel = arrays[f"weights_{name}"].reshape(out, -1).astype(np.float64)
        flat = seen.reshape(-1, kernel.shape[1]) @ kernel.T + arrays[f"bias_{name}"]
        return np.maximum(flat, 0).reshape(*seen.shape[:3], out)

    def chain(x, *names):
        for name in names:
            x = conv(x, name)
        return x

    x = conv(x, "conv", 2, "VALID")
    x = conv(x, "conv_1", 1, "VALID")
    x = conv(x, "conv_2")
    x = _max_pool(x)
    x = conv(x, "conv_3")
    x = conv(x, "conv_4", 1, "VALID")
    x = _max_pool(x)
    for b in ("mixed", "mixed_1", "mixed_2"):
        x = np.concatenate(
            [
                conv(x, f"{b}_conv"),
                chain(x, f"{b}_tower_conv", f"{b}_tower_conv_1"),
                chain(x, *(f"{b}_tower_1_conv{i}" for i in ("", "_1", "_2"))),
                conv(_average_pool(x), f"{b}_tower_2_conv"),
            ],
            axis=3,
        )
    tower = chain(x, "mixed_3_tower_conv", "mixed_3_tower_conv_1")
    x = np.concatenate(
        [
            conv(x, "mixed_3_conv", 2, "VALID"),
            conv(tower, "mixed_3_tower_conv_2", 2, "VALID"),
            _max_pool(x),
        ],
        axis=3,
    )
    for b in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        x = np.concatenate(
            [
                conv(x, f"{b}_conv"),
                chain(x, *(f"{b}_tower_conv{i}" for i in ("", "_1", "_2"))),
                chain(x, *(f"{b}_tower_1_conv{i}" for i in ("", "_1", "_2", "_3", "_4"))),
                conv(_average_pool(x), f"{b}_tower_2_conv"),
            ],
            axis=3,
        )
    return x


def _pad(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def _windows(x: np.ndarray, height: int, width: int, stride: int) -> np.ndarray:
    """[N, h, w, height, width, C]."""
    found = sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]
    return found.transpose(0, 1, 2, 4, 5, 3)


def _max_pool(x: np.ndarray) -> np.ndarray:
    return _windows(x, 3, 3, 2).max((3, 4))


def _average_pool(x: np.ndarray) -> np.ndarray:
    """TensorFlow's SAME: a mean of what lies inside the map."""
    inside = _windows(_pad(np.ones_like(x), 1, 1), 3, 3, 1).sum((3, 4))
    return _windows(_pad(x, 1, 1), 3, 3, 1).sum((3, 4)) / inside
