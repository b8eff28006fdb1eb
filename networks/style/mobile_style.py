"""The student of a painted style: instance norms where the style needs them."""

from __future__ import annotations

from typing import ClassVar

from ...frames import Size, frame_of
from ..spec import Spec, register
from .channel_norm import AffineInstanceNorm, ChannelNorm
from .u_shaped import NORMS, UShaped


def mobile_style_spec(size: Size = 256, base: int = 24, blocks: int = 3) -> Spec:
    """`base` channels at half the frame, 4/3 of it at a quarter, three times it at an eighth.

    Args:
        blocks: residual blocks at an eighth; at a quarter there is one on either side.
    """
    quarter, eighth, hidden = 4 * base // 3, 3 * base, 5 * base // 3
    middle = [f"mid{i}" for i in range(blocks)]
    widths = {"stem": base, "quarter": quarter, "eighth": eighth}
    widths |= {"early0": quarter} | dict.fromkeys(middle, hidden) | {"late0": quarter}
    stem, down1, down2 = NORMS
    names = (stem, down1, "early0", down2, *middle, "skip_quarter", "late0", "skip_half")
    return Spec("mobile-style", *frame_of(size), widths, names)


@register("mobile-style")
class MobileStyle(UShaped):
    """Residual blocks with an instance norm each, whose statistics carry a style's contrast."""

    inner_norm: ClassVar[type[ChannelNorm]] = AffineInstanceNorm
