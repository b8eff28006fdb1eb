"""Writing MP4 files from RGB frames, with time stamps and copied audio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from ..errors import DataError, UsageError
from ..whole import written_whole

# Visually lossless, and cheap: one core decodes and encodes while the others run the network.
_X264 = {"preset": "veryfast", "crf": "18"}
_BT709 = 1  # of primaries, transfer and matrix alike (ITU-T H.273)


class ClipWriter:
    """An MP4 being written: H.264, yuv420p, BT.709; `writing_clip` makes one.

    Attributes:
        width, height: of the video, even.
        has_audio: whether MP4 takes the audio that was asked for.
        frames: how many were written so far.
    """

    def __init__(
        self,
        container: av.container.OutputContainer,
        width: int,
        height: int,
        rate: Fraction,
        time_base: Fraction,
        audio: av.AudioStream | None,
    ) -> None:
        self.width, self.height = width, height
        self.frames = 0
        self._container = container
        self._step = max(1, round(1 / (rate * time_base)))  # time base units per frame
        self._last = -self._step
        self._scaler = VideoReformatter()
        self._video = container.add_stream("libx264", rate=rate, options=_X264)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        codec = self._video.codec_context
        codec.thread_count = 1
        codec.time_base = time_base
        codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
        codec.color_range = ColorRange.MPEG
        self.has_audio = (
            audio is not None and audio.codec.canonical_name in container.supported_codecs
        )
        self._audio = container.add_stream_from_template(audio) if self.has_audio else None

    def write(self, rgb: np.ndarray, pts: int | None = None) -> None:
        """Add a frame.

        Args:
            rgb: uint8[H, W, 3], resampled (bicubic) to the video's size if it has another.
            pts: its time in units of the time base; None is one frame after the last. A time not
                after the last frame's, which MP4 forbids, is moved just after it.
        """
        pts = self._last + self._step if pts is None else pts
        self._last = pts = max(pts, self._last + 1) if self.frames else pts
        frame = self._scaler.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb)),
            self.width,
            self.height,
            "yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation="BICUBIC",
            threads=1,
        )
        frame.pts = pts
        self._container.mux(self._video.encode(frame))
        self.frames += 1

    def copy(self, packet: av.Packet) -> None:
        """Add a packet of the audio stream; nothing happens if MP4 does not take it."""
        if self._audio is not None:
            packet.stream = self._audio
            self._container.mux(packet)

    def finish(self) -> None:
        """Write out the frames that the encoder still holds."""
        self._container.mux(self._video.encode())


@contextmanager
def writing_clip(
    path: str | Path,
    width: int,
    height: int,
    rate: Fraction,
    time_base: Fraction | None = None,
    audio: av.AudioStream | None = None,
) -> Iterator[ClipWriter]:
    """Open an MP4 for writing that appears at its path whole or, after an exception, not at all.

    Args:
        path: ends in .mp4; replaced if it exists.
        width, height: of the video; an odd one is lowered by one, as yuv420p must.
        rate: frames a second, for frames without a time stamp.
        time_base: seconds per unit of the time stamps; None takes 1 / rate.
        audio: a stream of another file to copy packets from.

    Raises:
        UsageError: the path does not end in .mp4, or the video would be under 2x2 pixels.
        DataError: the file cannot be written.
    """
    if Path(path).suffix.lower() != ".mp4":
        raise UsageError(f"a video is written as .mp4, not as {path}")
    width, height = width - width % 2, height - height % 2
    if not (width and height):
        raise UsageError("a video needs 2x2 pixels or more")
    try:
        with written_whole(path) as part, av.open(part, "w", format="mp4") as container:
            writer = ClipWriter(container, width, height, rate, time_base or 1 / rate, audio)
            yield writer
            writer.finish()
    except av.FFmpegError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error


def write_video(frames: Iterable[np.ndarray], path: str | Path, fps: float | Fraction) -> int:
    """Write frames as an MP4 (H.264); the size is the first one's, made even.

    Args:
        frames: uint8[H, W, 3] each.
        path: ends in .mp4; replaced if it exists, left as it was if anything fails.
        fps: frames a second.

    Returns:
        How many frames were written.

    Raises:
        UsageError: there are no frames, or the path does not end in .mp4.
        DataError: the file cannot be written.
    """
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise UsageError("a video needs at least one frame")
    height, width = first.shape[:2]
    rate = Fraction(fps).limit_denominator(1001)  # 29.97 becomes 30000 / 1001
    with writing_clip(path, width, height, rate) as clip:
        for rgb in chain([first], frames):
            clip.write(rgb)
    return clip.frames
