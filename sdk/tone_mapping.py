"""High dynamic range shown as standard video: BT.2100 (PQ and HLG) to BT.709."""

from __future__ import annotations

import numpy as np

PQ, HLG = 16, 18  # transfer characteristics of ITU-T H.273
WHITE = 203.0  # nits of HDR's reference white (BT.2408), here the white of standard video
PEAK = 1000.0  # nits that are shown as that white; what is brighter is clipped
GAMMA = 2.4  # of standard displays (BT.1886)

M1, M2 = 2610 / 16384, 2523 / 32  # SMPTE ST 2084
C1, C2, C3 = 3424 / 4096, 2413 / 128, 2392 / 128
A = 0.17883277  # BT.2100, table 5
B, C = 1 - 4 * A, 0.5 - A * np.log(4 * A)

LUMINANCE = np.float32([0.2627, 0.6780, 0.0593])  # BT.2020
TO_BT709 = np.float32(  # BT.2087, inverted
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ]
)


def tone_mapped(codes: np.ndarray, transfer: int) -> np.ndarray:
    """A frame of HDR for standard displays: highlights are compressed, hues kept.

    Args:
        codes: uint16[H, W, 3], RGB of BT.2020's primaries, full range.
        transfer: `PQ` or `HLG`.

    Returns:
        uint8[H, W, 3], RGB of BT.709.
    """
    signal = codes.astype(np.float32) / 65535
    nits = _of_pq(signal) if transfer == PQ else _of_hlg(signal)
    brightest = np.maximum(nits.max(2, keepdims=True), 1e-6)
    rgb = nits * (_compressed(brightest) / brightest) / WHITE @ TO_BT709.T
    return np.rint(255 * rgb.clip(0, 1) ** (1 / GAMMA)).astype(np.uint8)


def _of_pq(signal: np.ndarray) -> np.ndarray:
    """Nits of a PQ signal (ST 2084's EOTF)."""
    root = signal ** (1 / M2)
    return 10000 * (np.maximum(root - C1, 0) / (C2 - C3 * root)) ** (1 / M1)


def _pq_of(nits: np.ndarray | float) -> np.ndarray:
    """The inverse of `_of_pq`."""
    power = (nits / 10000) ** M1
    return ((C1 + C2 * power) / (1 + C3 * power)) ** M2


def _of_hlg(signal: np.ndarray) -> np.ndarray:
    """Nits of an HLG signal on a display of `PEAK` (BT.2100: inverse OETF, then OOTF)."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - C) / A) + B) / 12)
    return PEAK * (scene @ LUMINANCE)[..., None] ** 0.2 * scene


def _compressed(nits: np.ndarray) -> np.ndarray:
    """0..`PEAK` nits to 0..`WHITE`: as they are up to a knee, a spline above it (BT.2390, 5.4)."""
    peak = _pq_of(PEAK)
    most = _pq_of(WHITE) / peak
    knee = 1.5 * most - 0.5
    signal = np.minimum(_pq_of(nits) / peak, 1)
    t = np.maximum((signal - knee) / (1 - knee), 0)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * most
    )
    return _of_pq(peak * np.where(signal < knee, signal, spline))
