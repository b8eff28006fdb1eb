"""Tones and colours: white balance, flat regions, few soft steps."""

from __future__ import annotations

import numpy as np

from .opencv import cv2, ximgproc


def balanced(rgb: np.ndarray, strength: float = 0.6, most: float = 0.2) -> np.ndarray:
    """The picture under a neutral light: shades of grey of the sixth norm.

    Finlayson and Trezzi, "Shades of gray and colour constancy", 2004.

    Args:
        rgb: float32[H, W, 3], 0..1.
        strength: of 1, of the correction; some of a light's colour is the scene's mood.
        most: change of a channel's gain at most.
    """
    linear = np.maximum(rgb, 0) ** 2.2
    light = (linear**6).mean((0, 1)) ** (1 / 6) + 1e-6
    gain = (light.mean() / light) ** strength
    gain = np.clip(gain / gain.mean(), 1 - most, 1 + most)
    return np.clip(linear * gain, 0, 1).astype(np.float32) ** np.float32(1 / 2.2)


def exposed(lab: np.ndarray) -> np.ndarray:
    """Lightness from 4 to 97 in every picture, by at most a third more contrast."""
    made = lab.copy()
    low, high = np.percentile(lab[..., 0], [1, 99])
    gain = min(93 / max(high - low, 1), 1.35)
    middle = np.median(lab[..., 0])
    made[..., 0] = np.clip((lab[..., 0] - middle) * gain + middle + 0.15 * (52 - middle), 0, 100)
    return made


def smoothed(rgb: np.ndarray, scale: float) -> np.ndarray:
    """Without texture: rolling guidance (Zhang et al. 2014), then mean shift (Comaniciu 2002).

    Args:
        rgb: float32[H, W, 3], 0..1.
        scale: of what is texture, pixels.
    """
    height, width = rgb.shape[:2]
    rolled = ximgproc.rollingGuidanceFilter(
        rgb, d=-1, sigmaColor=0.07, sigmaSpace=scale, numOfIter=3
    )
    size = max(1, width // 2), max(1, height // 2)
    half = cv2.resize(rolled, size, interpolation=cv2.INTER_AREA)
    shifted = cv2.pyrMeanShiftFiltering((half * 255).round().astype(np.uint8), 9, 14)
    flat = cv2.resize(shifted, (width, height), interpolation=cv2.INTER_CUBIC)
    flat = ximgproc.guidedFilter(rolled, flat.astype(np.float32) / 255, 3, 1e-3)
    return np.clip(flat, 0, 1).astype(np.float32)


def stepped(value: np.ndarray, step: float, softness: float, start: float = 0.0) -> np.ndarray:
    """A staircase with soft edges: plateaus at start + k step.

    Winnemöller, Olsen and Gooch, "Real-time video abstraction", 2006, equation 8.

    Args:
        value: float32[...].
        step: between plateaus.
        softness: width of an edge, in the value's units.
        start: a plateau.
    """
    place = (value - start) / step
    plateau = np.round(place)
    edge = 0.5 * np.tanh((place - plateau - 0.5) * step / softness) + 0.5
    lower = 0.5 * np.tanh((place - plateau + 0.5) * step / softness) - 0.5
    return start + step * (plateau + edge + lower)


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """float32[H, W, 3]: CIELAB of sRGB in 0..1."""
    return cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2LAB)


def rgb_of(lab: np.ndarray) -> np.ndarray:
    """float32[H, W, 3] in 0..1: sRGB of CIELAB."""
    return np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)


def blurred_within(lab, mask, sigma: float) -> np.ndarray:
    """A Gaussian of what a mask shows alone (normalised convolution, Knutsson and Westin 1993)."""
    total = cv2.GaussianBlur(mask, (0, 0), sigma)[..., None]
    made = cv2.GaussianBlur(lab * mask[..., None], (0, 0), sigma)
    return np.where(total > 0.02, made / np.maximum(total, 0.02), lab)
