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

DEVICE_TIMEOUT = 10.0  # seconds without a frame, after which a camera counts as gone


class ClipReader:
    """An opened video file: its first real video stream and its first audio stream.

    Iterating yields decoded `av.VideoFrame`s, and the audio's undecoded `av.Packet`s, in the
    order of the file; once only. Of a device, which tells the time since the computer started,
    time stamps begin with 0.

    Attributes:
        width, height: of a frame as it should be seen: upright, with square pixels.
        rate: frames a second, on average.
        time_base: seconds per unit of the frames' time stamps.
        frames: how many there are, by the file's length where it does not count them; None where
            it says neither, as a camera.
        audio: the audio stream, or None.
    """

    def __init__(self, path: str | Path, device: str | None = None) -> None:
        """Args: device: FFmpeg's name of a kind of input device, for what is no file."""
        self.path = Path(path)
        self._container = _open(self.path, device)
        self._live, self._began = device is not None, None
        try:
            self._video = _video_stream(self._container, self.path)
            self._decoder = _alpha_decoder(self._video)
            self.audio = next(iter(self._container.streams.audio), None)
            self._items = self._decode()
            self._start: list[av.VideoFrame | av.Packet] = []
            first = self._first_frame()
        except BaseException:
            self.close()
            raise
        self._quarter_turns = round(first.rotation / 90) % 4
        shape = (first.height, round(first.width * (self._video.sample_aspect_ratio or 1)))
        self.width, self.height = shape if self._quarter_turns % 2 else shape[::-1]
        self.rate = Fraction(self._video.average_rate or self._video.guessed_rate or 30)
        self.time_base = Fraction(self._video.time_base)
        length = self._container.duration  # microseconds
        self.frames = self._video.frames or (round(length * self.rate / 10**6) if length else None)
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
        try:
            for packet in self._container.demux(wanted):
                if packet.stream is self._video:
                    frames = self._decoder.decode(packet) if self._decoder else packet.decode()
                    for frame in frames:
                        if self._live and frame.pts is not None:
                            self._began = frame.pts if self._began is None else self._began
                            frame.pts -= self._began
                        yield frame
                elif packet.dts is not None:  # None marks the end of the stream
                    yield packet
        except av.FFmpegError as error:
            raise DataError(f"{self.path} is damaged: {error.strerror}") from error

    def _first_frame(self) -> av.VideoFrame:
        for item in self._items:
            self._start.append(item)
            if isinstance(item, av.VideoFrame):
                return item
        raise DataError(f"{self.path} has no frames")


def read_frames(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a video, upright and with square pixels, one at a time: uint8[H, W, 3].

    Raises:
        DataError: the file is missing, no video, without frames, or damaged.
    """
    with ClipReader(path) as clip:
        for item in clip:
            if isinstance(item, av.VideoFrame):
                yield clip.picture(item, clip.width, clip.height)


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
        container = av.open(str(path), format=device, timeout=DEVICE_TIMEOUT if device else None)
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


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # a song's cover is no video
            stream.thread_count = 1  # the other cores run the network
            return stream
    raise DataError(f"{path} has no video stream")
