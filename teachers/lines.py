"""Lines: dark strokes along edges, wide where an edge is strong, tapered where it ends."""

from __future__ import annotations

import numpy as np

from .flow import Flow, across, along
from .opencv import cv2

RATIO = 1.6  # between the two Gaussians, which makes their difference nearly a Laplacian
LENGTH = 2.2  # sigmas along the flow, of that across it


def edge_response(lightness: np.ndarray, flow: Flow, width: float) -> np.ndarray:
    """How much darker than around it a stroke along the flow is; CIELAB units of lightness.

    The flow-based difference of Gaussians: Kang, Lee and Chui 2007, equations 6 to 9; Winnemöller,
    Kyprianidis and Olsen, "XDoG", 2012, section 2.4.

    Args:
        lightness: float32[H, W], 0..100.
        flow: the strokes' directions.
        width: sigma of the narrower Gaussian, pixels.
    """
    difference = across(lightness, flow, width * RATIO) - across(lightness, flow, width)
    return along(difference, flow, LENGTH * width + 1)


def strokes(
    response: np.ndarray, weak: np.ndarray | float, strong: np.ndarray | float, shortest: float
) -> np.ndarray:
    """Ink of 0..1 where a response is strong, followed to where it gets weak, tapering.

    Hysteresis as of Canny 1986; what is shorter than a stroke is dropped.

    Args:
        response: float32[H, W].
        weak, strong: thresholds; one each, or one a pixel.
        shortest: pixels that a stroke has at least in its longer direction.
    """
    weak, strong = (np.broadcast_to(t, response.shape) for t in (weak, strong))
    number, regions, boxes, _ = cv2.connectedComponentsWithStats(
        (response > weak).astype(np.uint8), connectivity=8
    )
    reached = np.zeros(number, bool)
    reached[regions[response > strong]] = True
    reached &= np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT]) >= shortest
    reached[0] = False
    mask = cv2.dilate(reached[regions].astype(np.uint8), np.ones((3, 3), np.uint8))
    ink = np.clip((response - 0.6 * weak) / (0.8 * weak), 0, 1) * mask
    return (ink * ink * (3 - 2 * ink)).astype(np.float32)


def tapered(points: np.ndarray, width: float, shape: tuple[int, int]) -> np.ndarray:
    """A stroke through points, of a width in its middle and none at its ends: float32[H, W]."""
    t = np.linspace(0, 1, 60)
    at = np.linspace(0, 1, len(points))
    line = np.stack([np.interp(t, at, points[:, c]) for c in (0, 1)], 1)
    line = cv2.GaussianBlur(line, (1, 9), 0, sigmaY=3, borderType=cv2.BORDER_REPLICATE)
    normal = np.gradient(line, axis=0)[:, ::-1] * (-1, 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6
    half = (width / 2 * np.sin(np.pi * t) ** 0.6)[:, None] * normal
    mask = np.zeros(shape, np.float32)
    outline = np.concatenate([line + half, (line - half)[::-1]])
    cv2.fillPoly(mask, [fixed(outline)], 1, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(mask, (0, 0), 0.7)


def fixed(points: np.ndarray) -> np.ndarray:
    """Points in sixteenths of a pixel, as OpenCV draws them with a shift of 4."""
    return np.round((points - 0.5) * 16).astype(np.int32)
