"""Stylizing a video: three stages that overlap, joined by short queues.

    decode and shrink  ─▶  the network  ─▶  encode
      (a thread)           (a thread)       (the caller)

Each stage runs at most `_DEPTH` items ahead of the next, so memory does not grow with the video.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from ..images import laid_over, resize
from .ahead import ahead
from .clip_reader import ClipReader
from .clip_writer import writing_clip
from .steady import Steady
from .stylizer import Fit, Stylizer, check_fit

_DEPTH = 8  # enough to ride out a key frame or a burst of audio packets

Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class VideoReport:
    """What `stylize_video` did.

    Attributes:
        target: the file written.
        frames: how many frames it has.
        seconds: wall time.
        fps: frames / seconds.
        width, height: of the written video, pixels.
        audio: whether the source's audio was copied.
    """

    target: Path
    frames: int
    seconds: float
    fps: float
    width: int
    height: int
    audio: bool


@dataclass(frozen=True)
class _Shot:
    """A frame on its way: `picture` goes through the network, `whole` is shown or laid under."""

    pts: int | None
    picture: np.ndarray  # uint8[size, size, 3]; with "detail" behind the network as `whole`
    whole: np.ndarray | None  # uint8[height, width, 3]


def stylize_video(
    stylizer: Stylizer,
    source: str | Path,
    target: str | Path,
    *,
    fit: Fit = "crop",
    compare: bool = False,
    steady: bool = False,
    report: Report | None = None,
) -> VideoReport:
    """Stylize a video file into an MP4 (H.264) with the source's time stamps.

    The source's rotation and pixel aspect are applied. Its first audio track is copied as it is
    if MP4 can hold it, and left out otherwise. Frames are shrunk by swscale's bicubic filter, where
    `Stylizer.stylize` uses Pillow's Lanczos: several times faster, and equal to the eye.

    Args:
        stylizer: used by another thread until this returns.
        source: anything FFmpeg decodes.
        target: ends in .mp4; replaced if it exists, left as it was if anything fails.
        fit: "crop" gives the centre square at the network's size; "stretch" squeezes the whole
            frame through the network's square and gives the source's size (made even), and so
            does "detail", which keeps what is finer than the network sees.
        compare: put what the network saw to the left of what it made.
        steady: blend frames with those before them where the video stands still (`Steady`).
        report: called after each frame with frames done and the total, None where unknown.

    Raises:
        DataError: the source is missing, no video, without frames or damaged, or the target
            cannot be written.
        UsageError: the target does not end in .mp4, or `fit` is unknown.
    """
    check_fit(fit)
    began = time.perf_counter()
    with ClipReader(source) as clip:
        if fit == "crop":
            width = height = stylizer.size
        else:
            width, height = clip.width - clip.width % 2, clip.height - clip.height % 2
        seen = ahead(_shots(clip, stylizer.size, (width, height), fit, compare), _DEPTH)
        made = ahead(_stylized(stylizer, seen, fit, Steady() if steady else None), _DEPTH)
        full_width = 2 * width if compare else width
        with (
            closing(made),
            writing_clip(target, full_width, height, clip.rate, clip.time_base, clip.audio) as out,
        ):
            for item in made:
                if isinstance(item, av.Packet):
                    out.copy(item)
                    continue
                out.write(_side_by_side(item) if compare else item.picture, item.pts)
                if report is not None:
                    report(out.frames, clip.frames)
    seconds = time.perf_counter() - began
    return VideoReport(
        target=Path(target),
        frames=out.frames,
        seconds=seconds,
        fps=out.frames / seconds,
        width=out.width,
        height=out.height,
        audio=out.has_audio,
    )


def _shots(
    clip: ClipReader, size: int, shown: tuple[int, int], fit: Fit, compare: bool
) -> Iterator[_Shot | av.Packet]:
    """Decode and shrink; audio packets pass as they are."""
    side = min(clip.width, clip.height)
    width, height = size, size
    if fit == "crop":  # the whole frame, its shorter side at the network's size
        width, height = round(clip.width * size / side), round(clip.height * size / side)
    top, left = (height - size) // 2, (width - size) // 2
    for item in clip:
        if isinstance(item, av.Packet):
            yield item
            continue
        picture = clip.picture(item, width, height)[top : top + size, left : left + size]
        whole = None
        if compare or fit == "detail":
            whole = picture if fit == "crop" else clip.picture(item, *shown)
        yield _Shot(item.pts, picture, whole)


def _stylized(
    stylizer: Stylizer, items: Generator[_Shot | av.Packet], fit: Fit, steady: Steady | None
) -> Iterator[_Shot | av.Packet]:
    """Run the network; audio packets pass as they are."""
    with closing(items):
        for item in items:
            if isinstance(item, _Shot):
                made = stylizer.apply(item.picture)
                if steady is not None:
                    made = steady(item.picture, made)
                if fit == "detail":
                    made = laid_over(item.whole, item.picture, made)
                item = _Shot(item.pts, made, item.whole)
            yield item


def _side_by_side(shot: _Shot) -> np.ndarray:
    height, width = shot.whole.shape[:2]
    return np.concatenate([shot.whole, resize(shot.picture, width, height)], axis=1)
