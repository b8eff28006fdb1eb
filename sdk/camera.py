"""The computer's cameras."""

from __future__ import annotations

import sys

from ..errors import UsageError
from .clip_reader import ClipReader

CAMERAS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}")}
"""By platform FFmpeg's input device, and what it calls a camera of a number."""


def open_camera(number: int = 0) -> ClipReader:
    """A camera as a clip that goes on until it is closed; frames nobody takes in time are lost.

    Raises:
        UsageError: no number, or FFmpeg's cameras have none on this platform.
        DataError: there is none of this number, or it cannot be opened.
    """
    if not isinstance(number, int) or number < 0:
        raise UsageError(f"cameras have numbers from 0 on, not {number!r}")
    if sys.platform not in CAMERAS:
        raise UsageError(f"cameras are opened on {' and '.join(CAMERAS)}, not on {sys.platform}")
    device, name = CAMERAS[sys.platform]
    return ClipReader(name.format(number), device)
