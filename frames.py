"""Frames: height and width of the pictures that a network takes, written 480x640."""

from __future__ import annotations

import re

from .errors import UsageError

Frame = tuple[int, int]
"""Height and width, pixels."""

Size = int | Frame
"""The side of a square, or height and width."""


def frame_of(size: Size) -> Frame:
    """A size as height and width."""
    return (size, size) if isinstance(size, int) else tuple(size)


def frame_text(frame: Frame) -> str:
    """Height x width, such as "480x640"."""
    return "{}x{}".format(*frame)


def parse_frame(text: str) -> Frame:
    """The frame that a text names: "480x640" is height x width, "256" a square.

    Raises:
        UsageError: it names none.
    """
    found = re.fullmatch(r"([1-9]\d{0,5})(?:x([1-9]\d{0,5}))?", text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no frame: write HEIGHTxWIDTH, such as 480x640, or a side")
    return int(found[1]), int(found[2] or found[1])


def check_multiple(frame: Frame, multiple: int, what: str) -> None:
    """Raise UsageError unless both sides are multiples, and name the nearest frame that is good.

    Args:
        multiple: of which the sides are.
        what: the network, as the message calls it.
    """
    if any(side < 1 or side % multiple for side in frame):
        good = tuple(max(1, int(side / multiple + 0.5)) * multiple for side in frame)
        raise UsageError(
            f"a frame of {frame_text(frame)}: {what} takes sides that are multiples of "
            f"{multiple}; the nearest is {frame_text(good)}"
        )
