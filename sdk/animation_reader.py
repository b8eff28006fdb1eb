"""Reading animated pictures that Pillow knows and FFmpeg does not, as clips."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from ..errors import DataError
from ..images import animation_of, read_animation
from .clip_reader import ClipReader

FORMATS = ("AVIF", "WEBP")  # by Pillow's names


class AnimationReader(ClipReader):
    """An animated AVIF or WebP: frames over white in sRGB, with their time stamps, and no sound."""

    def __init__(self, path: str | Path) -> None:
        self.path, self.audio, self.remarks = Path(path), None, []
        self.time_base, self._quarter_turns = Fraction(1, 1000), 0
        self._frames = read_animation(self.path)
        first, shown = next(self._frames)
        self.height, self.width = first.shape[:2]
        self.rate, self.frames = Fraction(1000, shown), animation_of(self.path)[1]
        self._start = [(first, shown)]
        self._scaler = VideoReformatter()

    def __iter__(self) -> Iterator[av.VideoFrame]:
        time = 0
        try:
            for rgb, shown in chain(self._start, self._frames):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
                frame.pts, frame.time_base = time, self.time_base
                time += shown
                yield frame
        except DataError:
            self.remarks.append(f"{self.path} is damaged: what cannot be read is left out")

    def close(self) -> None:
        self._frames.close()


def open_clip(path: str | Path) -> ClipReader:
    """Whatever moves: an animated picture or a video.

    Raises:
        DataError: as `ClipReader`.
    """
    kind = animation_of(path) if Path(path).is_file() else None  # a pipe is read once
    return AnimationReader(path) if kind is not None and kind[0] in FORMATS else ClipReader(path)


def read_frames(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a video, upright and with square pixels, one at a time: uint8[H, W, 3].

    Raises:
        DataError: the file is missing, no video, without frames, or damaged.
    """
    with open_clip(path) as clip:
        for item in clip:
            if isinstance(item, av.VideoFrame):
                yield clip.picture(item, clip.width, clip.height)
