"""Writing videos from RGB frames: MP4 with sound, animated GIF and WebP."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from PIL import Image

from ..errors import DataError, UsageError
from ..whole import written_whole


@dataclass(frozen=True)
class _Kind:
    """A file format, and how its frames are encoded.

    Attributes:
        pixels: FFmpeg's name of what the codec takes.
        ticks: time base units a second; None takes any.
        least: ticks between two frames; what comes sooner is left out. None moves it instead.
    """

    container: str
    codec: str
    pixels: str
    options: dict[str, str]
    ticks: int | None = None
    loops: dict[str, str] = field(default_factory=dict)
    least: int | None = None


_KINDS = {
    # Visually lossless, and cheap: one core decodes and encodes while the others run the network.
    ".mp4": _Kind("mp4", "libx264", "yuv420p", {"preset": "veryfast", "crf": "18"}),
    ".gif": _Kind("gif", "gif", "pal8", {}, 100, {"loop": "0"}, 2),  # faster ones are slow
    ".webp": _Kind("webp", "libwebp_anim", "yuv420p", {"quality": "85"}, 1000, {"loop": "0"}),
}
MOVING = tuple(_KINDS)
"""Suffixes of videos that are written."""
COPIED = ("aac", "ac3", "alac", "eac3", "flac", "mp3", "opus")
"""Sound that players know in an MP4, by FFmpeg's names; other sound becomes AAC."""
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}  # by the number of channels; others become stereo
_BT709 = 1  # of primaries, transfer and matrix alike (ITU-T H.273)


class ClipWriter:
    """A video being written, an MP4 as H.264, yuv420p, BT.709; `writing_clip` makes one.

    Attributes:
        width, height: of the video, even.
        has_audio: whether the file takes the audio that was asked for.
        frames: how many were written so far.
        remarks: a line for each thing that became of the audio, other than a copy.
    """

    def __init__(
        self,
        container: av.container.OutputContainer,
        kind: _Kind,
        width: int,
        height: int,
        rate: Fraction,
        time_base: Fraction,
        audio: av.AudioStream | None,
        copied: bool,
    ) -> None:
        """Raises: av.FFmpegError: the file does not take the audio, copied or as AAC."""
        self.width, self.height = width, height
        self.frames = 0
        self._container, self._kind = container, kind
        ticks = Fraction(1, kind.ticks) if kind.ticks else time_base
        self._ticks = time_base / ticks  # of the file, per unit of the frames' time base
        self._step = 1 / (rate * ticks)  # ticks per frame
        self._given = self._last = 0
        self._scaler = VideoReformatter()
        self._video = container.add_stream(kind.codec, rate=rate, options=kind.options)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, kind.pixels
        codec = self._video.codec_context
        codec.thread_count = 1
        codec.time_base = ticks
        codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
        codec.color_range = ColorRange.MPEG
        self.has_audio, self.remarks = audio is not None, []
        self._source, self._copied, self._broken = audio, copied, 0
        self._audio = self._audio_stream() if audio else None
        container.start_encoding()

    def _audio_stream(self) -> av.AudioStream:
        if self._copied:
            return self._container.add_stream_from_template(self._source)
        rates, rate = av.Codec("aac", "w").audio_rates, self._source.codec_context.sample_rate
        stream = self._container.add_stream("aac", rate=rate if rate in rates else 48_000)
        channels = self._source.codec_context.channels
        stream.codec_context.layout = LAYOUTS.get(channels, "stereo")
        stream.codec_context.bit_rate = 64_000 * stream.codec_context.channels
        self.remarks.append(f"sound is encoded as AAC, since it was {self._source.codec.name}")
        return stream

    def write(self, rgb: np.ndarray, pts: int | None = None) -> None:
        """Add a frame.

        Args:
            rgb: uint8[H, W, 3], resampled (bicubic) to the video's size if it has another.
            pts: its time in units of the time base; None goes by the rate, from 0 on. A time not
                after the last frame's, which files forbid, is moved just after it.
        """
        pts = round(self._given * self._step if pts is None else pts * self._ticks)
        self._given += 1
        if self.frames and self._kind.least and pts - self._last < self._kind.least:
            return
        self._last = pts = max(pts, self._last + 1) if self.frames else pts
        paletted = self._kind.pixels == "pal8"
        frame = self._scaler.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb)),
            self.width,
            self.height,
            "rgb24" if paletted else self._kind.pixels,
            dst_colorspace=None if paletted else Colorspace.ITU709,
            dst_color_range=None if paletted else ColorRange.MPEG,
            interpolation="BICUBIC",
            threads=1,
        )
        if paletted:
            frame = _paletted(frame.to_ndarray())
        frame.pts = pts
        self._mux(self._video.encode(frame))
        self.frames += 1

    def add_sound(self, packet: av.Packet) -> None:
        """Add a packet of the audio stream, copied or encoded; one that is damaged is left out.

        Nothing happens if the file takes no audio.
        """
        if self._audio is None:
            return
        try:
            if self._copied:
                packet.stream = self._audio
                self._container.mux(packet)
            else:
                for frame in packet.decode():
                    self._container.mux(self._audio.encode(frame))
        except (av.InvalidDataError, av.ArgumentError):
            self._broken += 1

    def finish(self) -> None:
        """Write out what the encoders still hold."""
        self._mux(self._video.encode())
        if self._audio is not None and not self._copied:
            self._container.mux(self._audio.encode())
        if self._broken:
            self.remarks.append(f"{self._broken} damaged packets of sound are left out")

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            if self._kind.least:  # which is how long the last one lasts
                packet.duration = max(round(self._step), self._kind.least)
            self._container.mux(packet)


def _paletted(rgb: np.ndarray) -> av.VideoFrame:
    """uint8[H, W, 3] in 256 colours of its own, dithered (Floyd and Steinberg)."""
    picture = Image.fromarray(rgb).quantize(256)
    colours = np.array(picture.getpalette("RGBA"), np.uint8)
    palette = np.zeros((256, 4), np.uint8)
    palette[: len(colours) // 4] = colours.reshape(-1, 4)[:, [3, 0, 1, 2]]
    return av.VideoFrame.from_ndarray((np.asarray(picture), palette), "pal8")


@contextmanager
def writing_clip(
    path: str | Path,
    width: int,
    height: int,
    rate: Fraction,
    time_base: Fraction | None = None,
    audio: av.AudioStream | None = None,
) -> Iterator[ClipWriter]:
    """Open a video for writing that appears at its path whole or, after an exception, not at all.

    Args:
        path: ends in .mp4, .gif or .webp; replaced if it exists.
        width, height: of the video; an odd one is lowered by one, as yuv420p must.
        rate: frames a second, for frames without a time stamp.
        time_base: seconds per unit of the time stamps; None takes 1 / rate.
        audio: a stream of another file, whose sound is copied, or becomes AAC where players do not
            know its codec in an MP4. What cannot be had is left out, and remarked.

    Raises:
        UsageError: the path ends otherwise, or the video would be under 2x2 pixels.
        DataError: the file cannot be written.
    """
    kind = _KINDS.get(Path(path).suffix.lower())
    if kind is None:
        raise UsageError(f"a video is written as {', '.join(_KINDS)}, not as {path}")
    width, height = width - width % 2, height - height % 2
    if not (width and height):
        raise UsageError("a video needs 2x2 pixels or more")
    base = time_base or 1 / rate
    try:
        with written_whole(path) as part:
            writer, container = _opened(part, kind, (width, height, rate, base), audio)
            with container:
                yield writer
                writer.finish()
    except av.FFmpegError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error


def _opened(
    part: Path,
    kind: _Kind,
    shape: tuple[int, int, Fraction, Fraction],
    audio: av.AudioStream | None,
) -> tuple[ClipWriter, av.container.OutputContainer]:
    """A file with the audio copied, else encoded, else without: the picture is made in any case."""
    ways = [(None, False)]
    if audio is not None and kind.container == "mp4":
        ways.insert(0, (audio, False))
        if audio.codec.canonical_name in COPIED:
            ways.insert(0, (audio, True))
    for sound, copied in ways:
        container = av.open(part, "w", format=kind.container, options=kind.loops)
        try:
            writer = ClipWriter(container, kind, *shape, sound, copied)
        except (av.FFmpegError, ValueError):
            container.close()
            if sound is None:
                raise
        else:
            break
    if audio is not None and sound is None:
        writer.remarks.append(f"sound is left out ({audio.codec.name})")
    return writer, container


def write_video(frames: Iterable[np.ndarray], path: str | Path, fps: float | Fraction) -> int:
    """Write frames as a video; the size is the first one's, made even.

    Args:
        frames: uint8[H, W, 3] each.
        path: as in `writing_clip`; left as it was if anything fails.
        fps: frames a second.

    Returns:
        How many frames were written.

    Raises:
        UsageError: there are no frames, the path ends otherwise, or `fps` is not above 0.
        DataError: the file cannot be written.
    """
    if not 0 < fps < math.inf:
        raise UsageError(f"{fps} frames a second; the rate is above 0")
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
