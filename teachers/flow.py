"""The direction in which strokes run: along edges, smooth from place to place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .opencv import cv2


@dataclass(frozen=True)
class Flow:
    """Unit tangents, float32[H, W] each; x to the right, y down."""

    x: np.ndarray
    y: np.ndarray

    def at(self, x: np.ndarray, y: np.ndarray) -> Flow:
        return Flow(sampled(self.x, x, y), sampled(self.y, x, y))


def flow_of(lab: np.ndarray, sigma: float) -> Flow:
    """Eigenvectors of the smoothed structure tensor of a colour picture.

    Di Zenzo, "A note on the gradient of a multi-image", 1986; as a flow for strokes: Kyprianidis
    and Döllner, "Image abstraction by structure adaptive filtering", 2008.

    Args:
        lab: float32[H, W, 3].
        sigma: of the tensor's smoothing, pixels.
    """
    gx, gy = (cv2.Sobel(lab, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    xx, xy, yy = (
        spread((one * other).sum(2), sigma) for one, other in ((gx, gx), (gx, gy), (gy, gy))
    )
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2  # of the lesser change
    return Flow(np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32))


def spread(tensor: np.ndarray, sigma: float) -> np.ndarray:
    """A part of the tensor, smoothed; where there is nothing near, by what is further away."""
    near = cv2.GaussianBlur(tensor, (0, 0), sigma)
    height, width = tensor.shape
    quarter = max(1, width // 4), max(1, height // 4)
    far = cv2.resize(near, quarter, interpolation=cv2.INTER_AREA)
    far = cv2.GaussianBlur(far, (0, 0), sigma)
    return near + 0.1 * cv2.resize(far, (width, height), interpolation=cv2.INTER_LINEAR)


def across(picture: np.ndarray, flow: Flow, sigma: float) -> np.ndarray:
    """A Gaussian across the flow, [H, W] → [H, W]; half-pixel steps."""
    x, y = _grid(picture)
    steps = np.arange(-np.ceil(2.5 * sigma), np.ceil(2.5 * sigma) + 0.1, max(0.5, sigma / 2))
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    made = np.zeros_like(picture)
    for step, weight in zip(steps.astype(np.float32), weights.astype(np.float32), strict=True):
        made += weight * sampled(picture, x - flow.y * step, y + flow.x * step)
    return made


def along(picture: np.ndarray, flow: Flow, sigma: float, step: float = 1.5) -> np.ndarray:
    """A Gaussian along the curved flow, both ways (line integral convolution), [H, W] → [H, W].

    Cabral and Leedom 1993; Kang, Lee and Chui, "Coherent line drawing", 2007, equation 9.
    """
    made, total = picture.copy(), 1.0
    for sign in (1, -1):
        x, y = _grid(picture)
        before = Flow(sign * flow.x, sign * flow.y)
        for distance in np.arange(step, 2 * sigma + step, step):
            x, y = x + step * before.x, y + step * before.y
            here = flow.at(x, y)
            turn = np.where(here.x * before.x + here.y * before.y < 0, -1, 1).astype(np.float32)
            before = Flow(here.x * turn, here.y * turn)
            weight = float(np.exp(-(distance**2) / (2 * sigma**2)))
            made += weight * sampled(picture, x, y)
            total += weight
    return made / total


def sampled(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The picture between its pixels, at x and y."""
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _grid(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y
