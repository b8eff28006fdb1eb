"""Networks of one style each: the published ones, and the students that run on phones."""

from .fast_style import FastStyle, fast_style_spec
from .mobile_style import MobileStyle, mobile_style_spec
from .published import read_published
from .unet import Unet, unet_spec

STYLE_SPECS = {
    "fast-style": fast_style_spec,
    "mobile-style": mobile_style_spec,
    "unet": unet_spec,
}
"""By family: a spec from the frame, the stem's channels, and the number of blocks."""

__all__ = [
    "STYLE_SPECS",
    "FastStyle",
    "MobileStyle",
    "Unet",
    "fast_style_spec",
    "mobile_style_spec",
    "read_published",
    "unet_spec",
]
