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

from ..errors import UsageError
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
        stopped: whether Ctrl-C ended it before the source did.
    """

    target: Path
    frames: int
    seconds: float
    fps: float
    width: int
    height: int
    audio: bool
    stopped: bool


@dataclass(frozen=True)
class _Shot:
    """A frame on its way: `picture` goes through the network, `whole` is shown or laid under."""

    pts: int | None
    picture: np.ndarray  # uint8[size, size, 3]; with "detail" behind the network as `whole`
    whole: np.ndarray | None  # uint8[height, width, 3]


def stylize_video(
    stylizer: Stylizer,
    source: str | Path | ClipReader,
    target: str | Path,
    *,
    fit: Fit = "crop",
    compare: bool = False,
    steady: bool = False,
    seconds: float | None = None,
    report: Report | None = None,
) -> VideoReport:
    """Stylize a video into an MP4 (H.264), GIF or WebP with the source's time stamps.

    The source's rotation and pixel aspect are applied, high dynamic range is tone-mapped,
    transparency laid over white. Its first audio track is copied as it is if the target can hold
    it, and left out otherwise. Frames are shrunk by swscale's bicubic filter, where
    `Stylizer.stylize` uses Pillow's Lanczos: several times faster, and equal to the eye.

    Ctrl-C (KeyboardInterrupt) ends the video with the frames that are done; before the first, or
    a second time, it is raised and nothing is written.

    Args:
        stylizer: of one size; its network runs in a thread of its own.
        source: anything FFmpeg decodes; or a clip, `open_camera`'s for example, which is closed.
        target: ends in .mp4, .gif or .webp; replaced if it exists, left as it was if anything
            fails.
        fit: "crop" gives the centre square at the network's size; "stretch" squeezes the whole
            frame through the network's square and gives the source's size (made even), and so
            does "detail", which keeps what is finer than the network sees.
        compare: put what the network saw to the left of what it made.
        steady: blend frames with those before them where the video stands still (`Steady`).
        seconds: of the source, after which it ends; None takes all of it.
        report: called after each frame with frames done and the total, None where unknown.

    Raises:
        DataError: the source is missing, no video, without frames or damaged, or the target
            cannot be written.
        UsageError: the target ends otherwise, `fit` is unknown, or `seconds` is not above 0.
    """
    check_fit(fit)
    if seconds is not None and not seconds > 0:
        raise UsageError(f"{seconds} seconds of a video; they are above 0")
    began, stopped = time.perf_counter(), False
    with _opened(source) as clip:
        width, height = _shown(clip, stylizer.size, fit)
        made = _played(stylizer, clip, fit, compare, steady, seconds)
        full_width = 2 * width if compare else width
        with (
            closing(made),
            writing_clip(target, full_width, height, clip.rate, clip.time_base, clip.audio) as out,
        ):
            try:
                for item in made:
                    if isinstance(item, av.Packet):
                        out.copy(item)
                        continue
                    out.write(_side_by_side(item) if compare else item.picture, item.pts)
                    if report is not None:
                        report(out.frames, clip.frames)
            except KeyboardInterrupt:
                if not out.frames:
                    raise
                stopped = True
    elapsed = time.perf_counter() - began
    return VideoReport(
        target=Path(target),
        frames=out.frames,
        seconds=elapsed,
        fps=out.frames / elapsed,
        width=out.width,
        height=out.height,
        audio=out.has_audio,
        stopped=stopped,
    )


def stylize_frames(
    stylizer: Stylizer,
    source: str | Path | ClipReader,
    *,
    fit: Fit = "crop",
    steady: bool = False,
) -> Iterator[np.ndarray]:
    """The stylized frames of a video one by one, for a pipeline of one's own: uint8[H, W, 3].

    Decoding and the network work ahead in threads of their own. Arguments and errors are as in
    `stylize_video`.
    """
    check_fit(fit)
    with _opened(source) as clip:
        shown = _shown(clip, stylizer.size, fit)
        with closing(_played(stylizer, clip, fit, False, steady, None)) as made:
            for item in made:
                if isinstance(item, _Shot):
                    yield resize(item.picture, *shown)


def _opened(source: str | Path | ClipReader) -> ClipReader:
    return source if isinstance(source, ClipReader) else ClipReader(source)


def _shown(clip: ClipReader, size: int, fit: Fit) -> tuple[int, int]:
    """Width and height of what is made of a clip."""
    if fit == "crop":
        return size, size
    return clip.width - clip.width % 2, clip.height - clip.height % 2


def _played(
    stylizer: Stylizer,
    clip: ClipReader,
    fit: Fit,
    compare: bool,
    steady: bool,
    seconds: float | None,
) -> Generator[_Shot | av.Packet]:
    """The first two stages."""
    shown = _shown(clip, stylizer.size, fit)
    seen = ahead(_shots(clip, stylizer.size, shown, fit, compare, seconds), _DEPTH)
    return ahead(_stylized(stylizer, seen, fit, Steady() if steady else None), _DEPTH)


def _shots(
    clip: ClipReader,
    size: int,
    shown: tuple[int, int],
    fit: Fit,
    compare: bool,
    seconds: float | None,
) -> Iterator[_Shot | av.Packet]:
    """Decode and shrink; audio packets pass as they are."""
    first: int | None = None
    side = min(clip.width, clip.height)
    width, height = size, size
    if fit == "crop":  # the whole frame, its shorter side at the network's size
        width, height = round(clip.width * size / side), round(clip.height * size / side)
    top, left = (height - size) // 2, (width - size) // 2
    for item in clip:
        if isinstance(item, av.Packet):
            yield item
            continue
        if seconds is not None and item.pts is not None:
            first = item.pts if first is None else first
            if float((item.pts - first) * clip.time_base) >= seconds:
                return
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
