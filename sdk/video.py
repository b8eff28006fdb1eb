"""Stylizing a video: three stages that overlap, joined by short queues.

    decode and shrink  ─▶  the network  ─▶  encode
      (a thread)           (a thread)       (the caller)

Each stage runs at most `_DEPTH` items ahead of the next, so memory does not grow with the video.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from ..errors import UsageError
from ..frames import Frame
from ..images import cropped, laid_over, resize
from .ahead import ahead
from .animation_reader import open_clip
from .bundle import Fit
from .clip_reader import ClipReader
from .clip_writer import writing_clip
from .framing import Place
from .steady import Steady
from .stylizer import Stylizer
from .whole_frames import CROPPED, WholeFrames

NARROW = 4  # from so many times the pixels of a frame on, it is cut before it is resampled
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
        audio: whether the source's audio is in it, copied or encoded.
        stopped: whether Ctrl-C ended it before the source did.
        remarks: a line for each thing that its viewer would miss or wonder at: sound that is left
            out or encoded, a source that is damaged or ended early.
    """

    target: Path
    frames: int
    seconds: float
    fps: float
    width: int
    height: int
    audio: bool
    stopped: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Shot:
    """A frame on its way: `picture` goes through the network, `whole` is shown or laid under."""

    pts: int | None
    seconds: float | None
    picture: np.ndarray  # uint8[H, W, 3], as the network takes it; then what was made of it
    whole: np.ndarray | None  # uint8[height, width, 3]


def stylize_video(
    stylizer: Stylizer | WholeFrames,
    source: str | Path | ClipReader,
    target: str | Path,
    *,
    fit: Fit | None = None,
    compare: bool = False,
    steady: bool = False,
    seconds: float | None = None,
    report: Report | None = None,
) -> VideoReport:
    """Stylize a video into an MP4 (H.264), GIF or WebP with the source's time stamps.

    The source's rotation and pixel aspect are applied, high dynamic range is tone-mapped,
    transparency laid over white. Time begins with 0, for picture and sound alike. The first audio
    track is copied if players know its codec in an MP4, else it becomes AAC; GIF and WebP have
    none. What is damaged in the source is left out. Frames are shrunk by swscale's bicubic filter,
    where `Stylizer.stylize` uses Pillow's Lanczos: several times faster, and equal to the eye.

    Ctrl-C (KeyboardInterrupt) ends the video with the frames that are done; before the first, or
    a second time, it is raised and nothing is written.

    Args:
        stylizer: its network runs in a thread of its own; a `Portrait` draws the faces alone.
        source: anything FFmpeg decodes, an animated WebP or AVIF; or a clip, `open_camera`'s for
            example, which is closed.
        target: ends in .mp4, .gif or .webp; replaced if it exists, left as it was if anything
            fails.
        fit: as in `Stylizer.stylize`: "crop" gives the network's frame, the others the source's
            size (made even). It has no meaning to what takes whole frames.
        compare: put what the network saw to the left of what it made.
        steady: blend frames with those before them where the video stands still (`Steady`).
        seconds: of the source, after which it ends; None takes all of it.
        report: called after each frame with frames done and their number, about; None where it is
            unknown.

    Raises:
        DataError: the source is missing, no video or without frames that can be read, or the
            target cannot be written.
        UsageError: the target ends otherwise, `fit` is unknown, `seconds` is not above 0; or faces
            are cropped, of which whole frames are no comparison and no memory.
    """
    began, stopped = time.perf_counter(), False
    with _opened(source) as clip:
        fit = _fit_of(stylizer, fit)
        if seconds is not None and not 0 < seconds < math.inf:
            raise UsageError(f"{seconds} seconds of a video; they are above 0")
        width, height = _shown(clip, stylizer, fit)
        made = _played(stylizer, clip, fit, compare, steady, seconds)
        full_width = 2 * width if compare else width
        counts = [clip.frames] if seconds is None else [clip.frames, math.ceil(seconds * clip.rate)]
        total = min((count for count in counts if count), default=None)
        with (
            closing(made),
            writing_clip(target, full_width, height, clip.rate, clip.time_base, clip.audio) as out,
        ):
            try:
                for item in made:
                    if isinstance(item, av.Packet):
                        out.add_sound(item)
                        continue
                    out.write(_side_by_side(item) if compare else item.picture, item.pts)
                    if report is not None:
                        report(out.frames, total)
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
        remarks=(*clip.remarks, *out.remarks),
    )


def stylize_frames(
    stylizer: Stylizer | WholeFrames,
    source: str | Path | ClipReader,
    *,
    fit: Fit | None = None,
    steady: bool = False,
) -> Iterator[np.ndarray]:
    """The stylized frames of a video one by one, for a pipeline of one's own: uint8[H, W, 3].

    Decoding and the network work ahead in threads of their own. Arguments and errors are as in
    `stylize_video`.
    """
    with _opened(source) as clip:
        fit = _fit_of(stylizer, fit)
        shown = _shown(clip, stylizer, fit)
        with closing(_played(stylizer, clip, fit, False, steady, None)) as made:
            for item in made:
                if isinstance(item, _Shot):
                    yield resize(item.picture, *shown)


def _fit_of(stylizer: Stylizer | WholeFrames, fit: Fit | None) -> Fit:
    return "crop" if isinstance(stylizer, WholeFrames) else stylizer.fit_of(fit)


def _opened(source: str | Path | ClipReader) -> ClipReader:
    return source if isinstance(source, ClipReader) else open_clip(source)


def _even(clip: ClipReader) -> tuple[int, int]:
    width, height = clip.width - clip.width % 2, clip.height - clip.height % 2
    if not (width and height):
        raise UsageError("a video needs 2x2 pixels or more")
    return width, height


def _shown(clip: ClipReader, stylizer: Stylizer | WholeFrames, fit: Fit) -> tuple[int, int]:
    """Width and height of what is made of a clip."""
    if isinstance(stylizer, WholeFrames):
        return stylizer.made_size(*_even(clip))
    height, width = stylizer.frame_for(clip.height, clip.width, fit)
    return (width, height) if fit == "crop" else _even(clip)


def _played(
    stylizer: Stylizer | WholeFrames,
    clip: ClipReader,
    fit: Fit,
    compare: bool,
    steady: bool,
    seconds: float | None,
) -> Generator[_Shot | av.Packet]:
    """The first two stages."""
    blend = Steady() if steady else None
    if isinstance(stylizer, WholeFrames):
        if (compare or steady) and _shown(clip, stylizer, fit) != _even(clip):
            raise UsageError(CROPPED)
        frame, shown, fit = None, _even(clip), "stretch"
    else:
        frame = stylizer.frame_for(clip.height, clip.width, fit)
        shown = _shown(clip, stylizer, fit)
    place = Place.of((clip.height, clip.width), frame) if fit == "frame" else None
    seen = ahead(_shots(clip, frame, shown, fit, place, compare, seconds), _DEPTH)
    return ahead(_stylized(stylizer, seen, fit, place, blend), _DEPTH)


def _shots(
    clip: ClipReader,
    frame: Frame | None,
    shown: tuple[int, int],
    fit: Fit,
    place: Place | None,
    compare: bool,
    seconds: float | None,
) -> Iterator[_Shot | av.Packet]:
    """Decode and shrink, to a frame or, without one, to what is shown; audio packets pass."""
    first: int | None = None
    height, width = shown[::-1] if frame is None else frame
    narrow = False
    if fit == "crop":  # the whole picture, as small as it covers the frame
        scale = max(height / clip.height, width / clip.width)
        covering = round(clip.width * scale), round(clip.height * scale)
        narrow = covering[0] * covering[1] > NARROW * height * width
        top, left = (covering[1] - height) // 2, (covering[0] - width) // 2
    elif place is not None:
        height, width = place.height, place.width
    for item in clip:
        if isinstance(item, av.Packet):
            yield item
            continue
        if seconds is not None and item.pts is not None:
            first = item.pts if first is None else first
            if float((item.pts - first) * clip.time_base) >= seconds:
                return
        if narrow:
            picture = cropped(clip.picture(item, clip.width, clip.height), frame)
        elif fit == "crop":  # a copy, or the queues would hold whole frames
            picture = clip.picture(item, *covering)
            picture = picture[top : top + height, left : left + width].copy()
        else:
            picture = clip.picture(item, width, height)
            picture = picture if place is None else place.mirrored(picture)
        whole = None
        if compare or fit == "detail":
            whole = picture if fit == "crop" or frame is None else clip.picture(item, *shown)
        yield _Shot(item.pts, item.time, picture, whole)


def _stylized(
    stylizer: Stylizer | WholeFrames,
    items: Generator[_Shot | av.Packet],
    fit: Fit,
    place: Place | None,
    steady: Steady | None,
) -> Iterator[_Shot | av.Packet]:
    """Run the network; audio packets pass as they are."""
    with closing(items):
        for item in items:
            if isinstance(item, _Shot):
                if isinstance(stylizer, WholeFrames):
                    made = stylizer.stylize(item.picture, item.seconds)
                else:
                    made = stylizer.apply(item.picture)
                if steady is not None:
                    made = steady(item.picture, made)
                if fit == "detail":
                    made = laid_over(item.whole, item.picture, made)
                if place is not None:
                    made = place.cut(made)
                item = replace(item, picture=made)
            yield item


def _side_by_side(shot: _Shot) -> np.ndarray:
    height, width = shot.whole.shape[:2]
    return np.concatenate([shot.whole, resize(shot.picture, width, height)], axis=1)
