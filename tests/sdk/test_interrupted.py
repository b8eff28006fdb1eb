"""Ctrl-C in the middle of a video."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from pocketstyle.sdk import read_frames, stylize_video

from .conftest import write_clip


@pytest.fixture
def long_clip(tmp_path):
    return write_clip(tmp_path / "long.mp4", times=[40 * i for i in range(2000)])


def test_it_keeps_what_is_done(stylizer, long_clip, tmp_path):
    before = threading.active_count()

    def report(done: int, _: int | None) -> None:
        if done == 25:
            os.kill(os.getpid(), signal.SIGINT)

    made = stylize_video(stylizer, long_clip, tmp_path / "x.mp4", report=report)
    assert made.stopped and 25 <= made.frames < 2000
    assert len([*read_frames(tmp_path / "x.mp4")]) == made.frames
    assert threading.active_count() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.mp4", "x.mp4"]


def test_before_the_first_frame_nothing_is_written(stylizer, clip, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pocketstyle.sdk.clip_writer.ClipWriter.write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stylize_video(stylizer, clip, tmp_path / "x.mp4")
    assert not [*tmp_path.iterdir()]


def test_the_command(long_clip, tmp_path):
    command = [sys.executable, "-m", "pocketstyle", "stylize", str(long_clip)]
    command += ["-m", "toonhead", "-o", str(tmp_path / "x.mp4"), "--json"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    part = tmp_path / ".x.mp4.part"
    while not (part.exists() and part.stat().st_size > 1000):  # frames are being written
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    told, error = child.communicate(timeout=60)
    assert child.returncode == 130 and '"stopped": true' in told, error
    assert 0 < len([*read_frames(tmp_path / "x.mp4")]) < 2000
