"""Clocks that begin anywhere, sound of any kind, and files that are cut or damaged."""

from fractions import Fraction

import av
import numpy as np
import pytest
from pocketstyle.errors import DataError
from pocketstyle.sdk import stylize_file, stylize_video
from pocketstyle.sdk.clip_writer import ClipWriter

from .conftest import quadrants, write_clip

RATE = 48_000
TONES = (440.0, 880.0, 1320.0, 1760.0, 2200.0, 2640.0)  # Hz, by channel


def record(
    path,
    video: float = 0.0,
    audio: float | None = 0.0,
    frames: int = 25,
    sound: str = "aac",
    layout: str = "stereo",
    rate: int = RATE,
    tracks: int = 1,
    **options,
):
    """A clip at 25 frames a second whose picture and sound begin at these times, seconds."""
    channels = av.AudioLayout(layout).nb_channels
    time = np.arange(rate * frames // 25) / rate
    waves = [8000 * np.sin(2 * np.pi * tone * time) for tone in TONES[:channels]]
    chunks = np.array_split(np.stack(waves, 1).astype(np.int16), frames)
    with av.open(path, "w", **options) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        heard = []
        for _ in range(tracks if audio is not None else 0):
            heard.append(container.add_stream(sound, rate=rate))
            heard[-1].codec_context.layout = layout
        done = 0
        for i, chunk in enumerate(chunks):
            frame = av.VideoFrame.from_ndarray(quadrants(48, 32) // (1 + i % 4))
            frame.time_base, frame.pts = Fraction(1, 25), round(25 * video) + i
            container.mux(stream.encode(frame))
            for one in heard:
                frame = av.AudioFrame.from_ndarray(chunk.reshape(1, -1), "s16", layout)
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(audio * rate) + done
                container.mux(one.encode(frame))
            done += len(chunk)
        for one in (stream, *heard):
            container.mux(one.encode())
    return path


def begins(path) -> dict[str, float]:
    """When picture and sound begin, and how long the whole is, as FFmpeg reads it."""
    with av.open(path) as container:
        found = {s.type: float(s.start_time * s.time_base) for s in container.streams}
        return found | {"whole": container.duration / 1e6}


def tones(path) -> list[float]:
    """The strongest frequency of each channel, Hz."""
    with av.open(path) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].codec_context.sample_rate
    wave = np.concatenate(frames, 1)[:, 4096:]
    strongest = np.abs(np.fft.rfft(wave * np.hanning(wave.shape[1]))).argmax(1)
    return [float(one * rate / wave.shape[1]) for one in strongest]


@pytest.mark.parametrize("name", ["x.ts", "x.mkv", "x.mpg"])
@pytest.mark.parametrize(("video", "audio"), [(3600, 3600), (3600, 3600.4), (7.4, 7.0)])
def test_a_clock_that_begins_late(stylizer, tmp_path, name, video, audio):
    """Picture and sound are shifted by the earlier of the two."""
    # with MPEG's own sound, whose encoder begins at most 1,152 samples before the first one
    options = {"format": "mpegts"} if name == "x.ts" else {}
    clip = record(tmp_path / name, video, audio, sound="mp2", **options)
    before = begins(clip)
    assert before["video"] == pytest.approx(video, abs=0.7)  # .mpg adds half a second
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    assert made.frames == 25 and made.audio
    after = begins(tmp_path / "o.mp4")
    start = min(before["video"], before["audio"])
    assert after["video"] == pytest.approx(before["video"] - start, abs=0.002)
    assert after["audio"] == pytest.approx(before["audio"] - start, abs=0.03)
    apart = abs(before["video"] - before["audio"])
    assert after["whole"] == pytest.approx(1 + apart, abs=0.1)
    assert not [line for line in made.remarks if "early" in line]


def test_a_clock_without_sound_and_one_below_0(stylizer, tmp_path):
    late = record(tmp_path / "late.ts", 3600, None, format="mpegts")
    early = record(tmp_path / "early.nut", -0.4, None)
    for clip in (late, early):
        stylize_video(stylizer, clip, tmp_path / "o.mp4")
        assert begins(tmp_path / "o.mp4") == {"video": 0.0, "whole": pytest.approx(1.0, abs=0.01)}


def test_recordings_that_were_joined(stylizer, tmp_path):
    """The clock starts anew in the middle; the second follows the first."""
    parts = [record(tmp_path / f"{t}.ts", t, t, sound="mp2", format="mpegts") for t in (100, 2)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    made = stylize_video(stylizer, joined, tmp_path / "o.mp4")
    assert made.frames == 50
    with av.open(tmp_path / "o.mp4") as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert np.diff(times) == pytest.approx(np.full(49, 0.04), abs=0.03)
    assert begins(tmp_path / "o.mp4")["whole"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("name", "sound", "layout", "rate"),
    [
        ("x.avi", "pcm_s16le", "stereo", 44_100),
        ("x.mkv", "pcm_s16le", "stereo", 48_000),
        ("x.mkv", "pcm_s16le", "5.1", 48_000),
        ("x.mkv", "pcm_s16le", "mono", 11_127),
        ("x.mkv", "pcm_s24le", "stereo", 192_000),
        ("x.nut", "pcm_f32le", "mono", 48_000),
        ("x.avi", "pcm_mulaw", "mono", 8_000),
        ("x.avi", "adpcm_ms", "stereo", 44_100),
        ("x.mov", "pcm_s16be", "stereo", 48_000),
    ],
)
def test_sound_that_players_do_not_know_becomes_aac(stylizer, tmp_path, name, sound, layout, rate):
    clip = record(tmp_path / name, sound=sound, layout=layout, rate=rate)
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    assert (made.frames, made.audio) == (25, True)
    assert made.remarks == (f"sound is encoded as AAC, since it was {sound}",)
    with av.open(tmp_path / "o.mp4") as container:
        context = container.streams.audio[0].codec_context
        assert (context.name, context.layout.name) == ("aac", layout)
    channels = av.AudioLayout(layout).nb_channels
    heard = tones(tmp_path / "o.mp4")
    left = [i for i in range(channels) if layout != "5.1" or i != 3]  # but not the bass's channel
    assert [heard[i] for i in left] == pytest.approx([TONES[i] for i in left], abs=3)


def test_four_channels_without_a_layout(stylizer, tmp_path):
    clip = record(tmp_path / "x.mkv", sound="pcm_s16le", layout="quad")
    assert stylize_video(stylizer, clip, tmp_path / "o.mp4").audio
    assert len(tones(tmp_path / "o.mp4")) == 2


def test_several_tracks_and_targets_without_sound(stylizer, tmp_path):
    clip = record(tmp_path / "x.mkv", tracks=3)
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    assert made.audio and made.remarks == ("the first of 3 sound tracks is taken",)
    silent = stylize_video(stylizer, record(tmp_path / "y.mkv"), tmp_path / "o.gif")
    assert not silent.audio and silent.remarks == ("sound is left out (aac)",)


def test_the_picture_is_made_whatever_the_sound_is(stylizer, tmp_path, monkeypatch):
    clip = record(tmp_path / "x.mkv")

    def refused(*_):
        raise av.ArgumentError(22, "Invalid argument")

    monkeypatch.setattr(ClipWriter, "_audio_stream", refused)
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    assert (made.frames, made.audio, made.remarks) == (25, False, ("sound is left out (aac)",))
    with av.open(tmp_path / "o.mp4") as container:
        assert len([*container.decode(video=0)]) == 25 and not container.streams.audio


@pytest.mark.parametrize("sound", ["aac", "pcm_s16le"])
def test_damaged_packets_are_left_out(stylizer, tmp_path, sound):
    clip = record(tmp_path / "x.mkv", sound=sound, frames=75)
    data = bytearray(clip.read_bytes())
    places = np.random.default_rng(0).integers(len(data) // 8, len(data) * 7 // 8, 40)
    for place in places:
        data[place] ^= 0xFF
    clip.write_bytes(data)
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    with av.open(tmp_path / "o.mp4") as container:
        assert len([*container.decode(video=0)]) == made.frames > 0


@pytest.mark.parametrize(("name", "share"), [("x.mkv", 0.3), ("x.mp4", 0.4)])
def test_a_file_that_ended_early(stylizer, tmp_path, name, share):
    options = {"options": {"movflags": "faststart"}} if name == "x.mp4" else {}
    clip = record(tmp_path / name, frames=75, **options)
    whole = stylize_file(stylizer, clip, tmp_path / "o.mp4")
    assert whole.frames == 75 and not whole.remarks
    part = stylize_file(stylizer, clip, tmp_path / "o.mp4", seconds=0.5, force=True)
    assert 12 <= part.frames <= 13 and not part.remarks  # as was asked for
    clip.write_bytes(clip.read_bytes()[: int(share * clip.stat().st_size)])
    made = stylize_file(stylizer, clip, tmp_path / "o.mp4", force=True)
    (told,) = [line for line in made.remarks if "ended early" in line]
    got, about = (int(word) for word in told.split() if word.isdigit())
    assert got == made.frames < 50 and 75 <= about <= 77


def test_a_long_pause_is_no_early_end(stylizer, tmp_path):
    clip = write_clip(tmp_path / "x.mkv", times=[0, 16, 33, 5000, 5016, 9000], audio=None)
    made = stylize_video(stylizer, clip, tmp_path / "o.mp4")
    assert made.frames == 6 and not made.remarks


@pytest.mark.parametrize("name", ["12:30.ts", "VID-20240501-12:30.mp4", "100%d.mkv", "a#b?.mp4"])
def test_names_are_no_protocols(stylizer, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / name, audio=None)
    stylize_file(stylizer, name, "o:1.mp4")
    stylize_file(stylizer, f"./{name}", f"new:folder/{name}.mp4")
    assert begins(tmp_path / "o:1.mp4")["whole"] == pytest.approx(1, abs=0.01)
    with pytest.raises(DataError, match="no such file: 13:00"):
        stylize_video(stylizer, "13:00.mp4", "x.mp4")
