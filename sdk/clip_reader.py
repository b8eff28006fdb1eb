"""Reading video files: frames with their time stamps, audio as it is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from ..errors import DataError
from .tone_mapping import HLG, PQ, tone_mapped

JUMPING = ("mpegts", "mpeg")  # formats whose clock may start anew, by FFmpeg's names
LONGEST_GAP = 10  # seconds between two packets, as in FFmpeg's program
MOST_MISSING = Fraction(1, 2)  # seconds at the end, of which nothing is said
DEVICE_TIMEOUT = 10.0  # seconds without a frame, after which a camera counts as gone


class ClipReader:
    """An opened video file: its first real video stream and its first audio stream.

    Iterating yields decoded `av.VideoFrame`s, and the audio's undecoded `av.Packet`s, in the
    order of the file; once only. Time stamps begin with 0, whatever the clock of a recording or a
    device says; picture and sound are shifted together. Frames that are damaged are left out.

    Attributes:
        width, height: of a frame as it should be seen: upright, with square pixels.
        rate: frames a second, on average.
        time_base: seconds per unit of the frames' time stamps.
        frames: how many there are, by the file's length where it does not count them; None where
            it says neither, as a camera.
        audio: the audio stream, or None.
        remarks: after iterating, a line for each thing that a viewer of the result would miss.
    """

    def __init__(self, path: str | Path, device: str | None = None) -> None:
        """Args: device: FFmpeg's name of a kind of input device, for what is no file."""
        self.path = Path(path)
        self._container = _open(self.path, device)
        self._live, self.remarks = device is not None, []
        try:
            self._video = _video_stream(self._container, self.path)
            self._decoder = _alpha_decoder(self._video)
            sounds = [one for one in self._container.streams.audio if one.codec_context]
            self.audio = sounds[0] if sounds else None
            if len(sounds) > 1:
                self.remarks.append(f"the first of {len(sounds)} sound tracks is taken")
            self._began = None if self._live else _start(self._container, self._video)
            self._length = None if self._live else _length(self._container, self._began)
            self.rate = Fraction(self._video.average_rate or self._video.guessed_rate or 30)
            self._ends: dict[int, Fraction] = {}  # of what was read of each stream, seconds
            self._due: dict[int, Fraction] = {}  # when each stream's next packet is to be decoded
            self._jumps: dict[int, Fraction] = {}
            self._damaged, self._last = 0, None
            self._items = self._decode()
            self._start: list[av.VideoFrame | av.Packet] = []
            first = self._first_frame()
        except BaseException:
            self.close()
            raise
        self._quarter_turns = round(first.rotation / 90) % 4
        shape = (first.height, round(first.width * (self._video.sample_aspect_ratio or 1)))
        self.width, self.height = shape if self._quarter_turns % 2 else shape[::-1]
        self.time_base = Fraction(self._video.time_base)
        by_length = round(self._length * self.rate) if self._length else None
        self.frames = self._video.frames or by_length
        self._scaler = VideoReformatter()

    def __iter__(self) -> Iterator[av.VideoFrame | av.Packet]:
        return chain(self._start, self._items)

    def picture(self, frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
        """A frame as RGB, upright and resampled (bicubic, antialiased): uint8[height, width, 3].

        Of high dynamic range it is tone-mapped, transparency is laid over white.
        """
        if self._quarter_turns % 2:
            width, height = height, width

        def resampled(pixels: str) -> np.ndarray:
            try:
                made = self._scaler.reformat(
                    frame, width, height, pixels, interpolation="BICUBIC", threads=1
                )
            except av.FFmpegError as error:
                told = f"{self.path}: a frame of {frame.width}x{frame.height} cannot be resampled"
                raise DataError(f"{told} to {width}x{height}") from error
            return made.to_ndarray()

        if frame.color_trc in (PQ, HLG):
            rgb = tone_mapped(resampled("rgb48le"), frame.color_trc)
        elif any(component.is_alpha for component in frame.format.components):
            rgb = _over_white(resampled("rgba"))
        else:
            rgb = resampled("rgb24")
        return np.rot90(rgb, self._quarter_turns)

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self) -> Iterator[av.VideoFrame | av.Packet]:
        wanted = [stream for stream in (self._video, self.audio) if stream is not None]
        shown = 0
        try:
            for packet in self._container.demux(wanted):
                self._place(packet)
                if packet.stream is self._video:
                    for frame in self._frames(packet):
                        shown += 1
                        yield frame
                elif packet.dts is not None:  # None marks the end of the stream
                    yield packet
        except av.InvalidDataError:
            self._damaged += 1  # nothing can be read from here on
        except av.FFmpegError as error:
            raise DataError(f"{self.path} is damaged: {error.strerror}") from error
        if self._damaged:
            self.remarks.append(f"{self.path} is damaged: what cannot be read is left out")
        missing = (self._length or 0) - max(self._ends.values(), default=0)
        if missing > MOST_MISSING and not self._jumps:
            about = round(self._length * self.rate)
            self.remarks.append(f"{self.path} ended early: {shown} of {about} frames")

    def _frames(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            frames = self._decoder.decode(packet) if self._decoder else packet.decode()
        except av.InvalidDataError:
            self._damaged += 1
            return []
        for frame in frames:
            if frame.pts is None:  # MPEG's program streams stamp some frames alone
                step = 1 / (self.rate * Fraction(self._video.time_base))
                frame.pts = 0 if self._last is None else self._last + max(1, round(step))
                frame.time_base = self._video.time_base
            self._last = frame.pts
        return frames

    def _place(self, packet: av.Packet) -> None:
        """Shift a packet's time stamps to a clock that begins at 0 and does not jump."""
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            return
        base, stream = Fraction(packet.time_base), packet.stream.index
        if self._began is None:
            self._began = stamp * base
        due = self._due.get(stream)
        jump = self._jumps.get(stream, Fraction(0))
        time = stamp * base - self._began - jump
        jumps = due is not None and self._container.format.name in JUMPING
        if jumps and abs(time - due) > LONGEST_GAP:  # recordings that were joined
            jump += time - due
            self._jumps[stream], time = jump, due
        shift = round((self._began + jump) / base)
        if packet.dts is not None:
            packet.dts -= shift
        if packet.pts is not None:
            packet.pts -= shift
        length = (packet.duration or 0) * base
        self._due[stream] = time + length
        shown = max(packet.pts or 0, packet.dts or 0) * base + length  # shifted by now
        self._ends[stream] = max(shown, self._ends.get(stream, shown))

    def _first_frame(self) -> av.VideoFrame:
        for item in self._items:
            self._start.append(item)
            if isinstance(item, av.VideoFrame):
                return item
        raise DataError(f"{self.path} has no frames")


def _alpha_decoder(video: av.VideoStream) -> av.VideoCodecContext | None:
    """Of a WebM with transparency libvpx, since FFmpeg's own decoders leave it out."""
    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(video.codec_context.name)
    if name is None or video.metadata.get("alpha_mode") != "1":
        return None
    return av.CodecContext.create(name, "r")


def _over_white(rgba: np.ndarray) -> np.ndarray:
    """uint8[H, W, 4] → uint8[H, W, 3]."""
    rgb, alpha = rgba[..., :3].astype(np.uint16), rgba[..., 3:].astype(np.uint16)
    return ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _open(path: Path, device: str | None) -> av.container.InputContainer:
    foreign = f"{path} is neither a picture nor a video that can be read"
    try:
        # a relative name with a colon would be a protocol
        where = str(path) if device else str(path.absolute())
        container = av.open(where, format=device, timeout=DEVICE_TIMEOUT if device else None)
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except av.InvalidDataError as error:
        raise DataError(foreign) from error
    except av.FFmpegError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if container.format.name == "tty":  # FFmpeg films any text file as a terminal
        container.close()
        raise DataError(foreign)
    return container


def _start(container: av.container.InputContainer, video: av.VideoStream) -> Fraction:
    """Seconds on a file's clock at which it begins.

    A sound that begins before 0 is what its encoder put before the first sample, which players
    skip; so only a picture does.
    """
    start = Fraction(container.start_time or 0, av.time_base)
    if start >= 0:
        return start
    return min(Fraction(0), (video.start_time or 0) * Fraction(video.time_base))


def _length(container: av.container.InputContainer, start: Fraction) -> Fraction | None:
    """Seconds that a file says it has; None where it does not."""
    if not container.duration:
        return None
    length = Fraction(container.duration, av.time_base)
    if "matroska" in container.format.name:  # which counts from 0
        length -= max(start, 0)
    return length if length > 0 else None


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # a song's cover is no video
            stream.thread_count = 1  # the other cores run the network
            return stream
    raise DataError(f"{path} has no video stream")
