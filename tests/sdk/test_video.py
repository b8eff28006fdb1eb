import threading

import av
import numpy as np
import pytest
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import centre_square, resize
from pocketstyle.sdk import clip_writer, read_frames, stylize_video, video, write_video

from .conftest import SIZE, quadrants, write_clip


def times(path) -> list[float]:
    with av.open(path) as container:
        return [frame.time for frame in container.decode(video=0)]


def audio_packets(path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(p) for p in container.demux(audio=0) if p.dts is not None]


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return np.abs(a.astype(int) - b.astype(int)).mean()


def test_write_then_read(tmp_path):
    sent = [quadrants(64, 48) // (1 + i) for i in range(5)]
    assert write_video(sent, tmp_path / "x.mp4", fps=12.5) == 5
    got = list(read_frames(tmp_path / "x.mp4"))
    assert len(got) == 5
    for a, b in zip(sent, got, strict=True):
        assert a.shape == b.shape and b.dtype == np.uint8
        # away from the edges that 4:2:0 blurs, colours survive: the BT.709 tags are right
        inner = np.r_[4:20, 28:44], np.r_[4:28, 36:60]
        assert np.abs(a[np.ix_(*inner)].astype(int) - b[np.ix_(*inner)]).max() <= 10
    assert times(tmp_path / "x.mp4") == pytest.approx([i / 12.5 for i in range(5)], abs=1e-3)
    with av.open(tmp_path / "x.mp4") as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt, codec.colorspace) == ("h264", "yuv420p", 1)


def test_write_video_makes_sizes_even(tmp_path):
    write_video([quadrants(33, 21)], tmp_path / "x.mp4", fps=30)
    assert next(read_frames(tmp_path / "x.mp4")).shape == (20, 32, 3)


def test_write_video_refuses(tmp_path):
    with pytest.raises(UsageError, match="at least one frame"):
        write_video([], tmp_path / "x.mp4", fps=30)
    with pytest.raises(UsageError, match=r"written as \.mp4"):
        write_video([quadrants(8, 8)], tmp_path / "x.avi", fps=30)
    with pytest.raises(UsageError, match="2x2"):
        write_video([quadrants(1, 8)], tmp_path / "x.mp4", fps=30)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="cannot write"):
        write_video([quadrants(8, 8)], tmp_path / "file" / "x.mp4", fps=30)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_every_frame_is_stylized(stylizer, clip, tmp_path):
    calls = []
    made = stylize_video(
        stylizer, clip, tmp_path / "x.mp4", report=lambda *done: calls.append(done)
    )
    assert (made.frames, made.width, made.height, made.audio) == (12, SIZE, SIZE, True)
    assert calls == [(i + 1, 12) for i in range(12)]
    pairs = list(zip(read_frames(clip), read_frames(tmp_path / "x.mp4"), strict=True))
    assert len(pairs) == 12
    for source, got in pairs:
        # not exact: another shrinking filter, then lossy H.264 and 4:2:0
        assert difference(stylizer.stylize(source), got) < 8
        assert difference(resize(centre_square(source), SIZE, SIZE), got) > 16


def test_time_stamps_and_audio_are_kept(stylizer, tmp_path):
    uneven = [0, 40, 80, 200, 240, 1000, 1001]
    clip = write_clip(tmp_path / "clip.mkv", times=uneven)  # a container without H.264's ticks
    stylize_video(stylizer, clip, tmp_path / "x.mp4")
    assert times(clip) == pytest.approx([t / 1000 for t in uneven], abs=2e-3)
    assert times(tmp_path / "x.mp4") == pytest.approx(times(clip), abs=1e-4)
    assert audio_packets(tmp_path / "x.mp4") == audio_packets(clip) != []


def test_silent_video(stylizer, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", audio=None)
    assert stylize_video(stylizer, clip, tmp_path / "x.mp4").audio is False


def test_stretch_gives_the_sources_size_made_even(stylizer, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", width=75, height=51)
    made = stylize_video(stylizer, clip, tmp_path / "x.mp4", fit="stretch")
    assert (made.width, made.height) == (74, 50)
    source, got = next(read_frames(clip)), next(read_frames(tmp_path / "x.mp4"))
    assert source.shape == (51, 75, 3) and got.shape == (50, 74, 3)
    assert difference(resize(stylizer.stylize(source, "stretch"), 74, 50), got) < 8


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_compare_puts_the_input_on_the_left(stylizer, clip, tmp_path, fit):
    stylize_video(stylizer, clip, tmp_path / "plain.mp4", fit=fit)
    made = stylize_video(stylizer, clip, tmp_path / "x.mp4", fit=fit, compare=True)
    source = next(read_frames(clip))
    seen = resize(centre_square(source), SIZE, SIZE) if fit == "crop" else source
    height, width = seen.shape[:2]
    assert (made.width, made.height) == (2 * width, height)
    got = next(read_frames(tmp_path / "x.mp4"))
    assert difference(seen, got[:, :width]) < 8
    assert difference(next(read_frames(tmp_path / "plain.mp4")), got[:, width:]) < 8


def test_compared_stretch_shows_the_source_in_full(stylizer, tmp_path):
    stripes = np.zeros((64, 96, 3), np.uint8)
    stripes[:, np.arange(96) % 4 < 2] = 255  # finer than the network's 32 columns can hold
    write_video([stripes], tmp_path / "clip.mp4", fps=25)
    stylize_video(stylizer, tmp_path / "clip.mp4", tmp_path / "x.mp4", fit="stretch", compare=True)
    assert difference(stripes, next(read_frames(tmp_path / "x.mp4"))[:, :96]) < 16


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_applied(stylizer, tmp_path, rotation):
    clip = write_clip(tmp_path / "clip.mp4", rotation=rotation)
    upright = np.rot90(quadrants(96, 64), rotation // 90)  # counterclockwise, as FFmpeg counts
    got = next(read_frames(clip))
    assert got.shape == upright.shape
    assert difference(upright, got) < 4
    made = stylize_video(stylizer, clip, tmp_path / "x.mp4", fit="stretch", compare=True)
    assert (made.width, made.height) == (2 * upright.shape[1], upright.shape[0])
    left = next(read_frames(tmp_path / "x.mp4"))[:, : upright.shape[1]]
    assert difference(upright, left) < 8


def test_sources_that_cannot_be_used(stylizer, clip, tmp_path):
    target = tmp_path / "x.mp4"
    (tmp_path / "text.mp4").write_text("no video" * 100)
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:2000])
    with av.open(tmp_path / "sound.m4a", "w", format="mp4") as container:
        tone = container.add_stream("aac", rate=44100, layout="mono")
        wave = av.AudioFrame.from_ndarray(
            np.zeros((1, 4096), np.float32), format="fltp", layout="mono"
        )
        wave.sample_rate = 44100
        container.mux(tone.encode(wave))
        container.mux(tone.encode())
    for name, reason in {
        "none.mp4": "no such file",
        "text.mp4": "neither a picture nor a video",
        "cut.mp4": "neither a picture nor a video",
        "sound.m4a": "has no video stream",
        ".": "cannot read",
    }.items():
        with pytest.raises(DataError, match=reason) as caught:
            stylize_video(stylizer, tmp_path / name, target)
        assert "\n" not in str(caught.value)
        with pytest.raises(DataError, match=reason):
            next(read_frames(tmp_path / name))
    assert not target.exists()


def test_no_frames(stylizer, tmp_path):
    header = b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n"  # and no frame after it
    (tmp_path / "empty.y4m").write_bytes(header)
    with pytest.raises(DataError, match="has no frames"):
        stylize_video(stylizer, tmp_path / "empty.y4m", tmp_path / "x.mp4")


def test_unwritable_targets(stylizer, clip, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="cannot write"):
        stylize_video(stylizer, clip, tmp_path / "file" / "x.mp4")
    with pytest.raises(UsageError, match=r"written as \.mp4"):
        stylize_video(stylizer, clip, tmp_path / "x.mkv")


@pytest.mark.parametrize("stage", ["decode", "network", "encode"])
def test_a_failure_in_any_stage_leaves_the_target_alone(
    stylizer, clip, tmp_path, monkeypatch, stage
):
    owner, name = {
        "decode": (video.ClipReader, "picture"),
        "network": (stylizer, "apply"),
        "encode": (clip_writer.ClipWriter, "write"),
    }[stage]
    works, calls = getattr(owner, name), 0

    def fails_in_the_middle(*args):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise ZeroDivisionError(stage)
        return works(*args)

    monkeypatch.setattr(owner, name, fails_in_the_middle)
    (tmp_path / "x.mp4").write_text("precious")
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match=stage):
        stylize_video(stylizer, clip, tmp_path / "x.mp4")
    assert calls >= 6
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]
    assert (tmp_path / "x.mp4").read_text() == "precious"
    assert threading.active_count() == before


def test_decoding_does_not_run_away_from_encoding(stylizer, tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "clip.mp4", times=[40 * i for i in range(80)], audio=None)
    decoded, gaps = 0, []
    picture = video.ClipReader.picture

    def counted(*args):
        nonlocal decoded
        decoded += 1
        return picture(*args)

    monkeypatch.setattr(video.ClipReader, "picture", counted)
    stylize_video(
        stylizer, clip, tmp_path / "x.mp4", report=lambda done, _: gaps.append(decoded - done)
    )
    assert len(gaps) == 80
    assert max(gaps) <= 2 * video._DEPTH + 1  # two queues, and the item between them


def test_kill_leaves_no_target(tiny, clip, tmp_path):
    import subprocess
    import sys

    code = (
        "import os, sys; from pocketstyle.sdk import Stylizer, stylize_video\n"
        "stylize_video(Stylizer.load(sys.argv[1]), sys.argv[2], sys.argv[3],"
        " report=lambda done, _: done == 3 and os.kill(os.getpid(), 9))"
    )
    target = tmp_path / "x.mp4"
    run = subprocess.run([sys.executable, "-c", code, tiny.path, clip, target], check=False)
    assert run.returncode == -9
    assert not target.exists()


def test_steady_frames(stylizer, tmp_path):
    """Noise flickers less; the first frame, which has none before it, is the same."""
    random, scene = np.random.default_rng(0), quadrants(48, 48).astype(float)
    noise = random.normal(0, 3, (20, 1, 1, 1))
    frames = [np.clip(scene + level, 0, 255).astype(np.uint8) for level in noise]
    write_video(frames, tmp_path / "noisy.mp4", fps=25)
    made = []
    for steady in (False, True):
        path = tmp_path / f"{steady}.mp4"
        stylize_video(stylizer, tmp_path / "noisy.mp4", path, steady=steady)
        made.append(np.stack([*read_frames(path)]).astype(float))
    plain, steadied = made
    assert difference(plain[0], steadied[0]) < 3  # H.264 spends other bits on it
    flicker = [np.abs(np.diff(one, axis=0)).mean() for one in made]
    assert flicker[1] < 0.5 * flicker[0]
