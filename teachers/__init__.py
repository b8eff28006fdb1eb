"""Slow programs that draw what students learn: aligned with the photo, pixel by pixel.

Needs the extra `teachers` (OpenCV's contributed modules).
"""

from ..lazy import names_from

_HOMES = {
    "PROGRAMS": ".programs",
    "draw": ".programs",
    "draw_file": ".programs",
    "make_pairs": ".pairs",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
