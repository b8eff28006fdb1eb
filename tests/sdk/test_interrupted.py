"""Ctrl-C in the middle of a video."""

import json
import os
import signal
import threading

import pytest
from pocketstyle.cli.app import app
from pocketstyle.sdk import read_frames, stylize_video
from pocketstyle.sdk.clip_writer import ClipWriter
from typer.testing import CliRunner

from .conftest import write_clip


@pytest.fixture(autouse=True)
def ctrl_c():
    """As in a terminal: programs in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def long_clip(tmp_path):
    return write_clip(tmp_path / "long.mp4", times=[40 * i for i in range(250)])


def test_it_keeps_what_is_done(stylizer, long_clip, tmp_path):
    before = threading.active_count()

    def report(done: int, _: int | None) -> None:
        if done == 25:
            os.kill(os.getpid(), signal.SIGINT)

    made = stylize_video(stylizer, long_clip, tmp_path / "x.mp4", report=report)
    assert made.stopped and 25 <= made.frames < 250
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


def test_the_command(tiny, long_clip, tmp_path, monkeypatch):
    write = ClipWriter.write

    def watched(writer: ClipWriter, *arguments) -> None:
        write(writer, *arguments)
        if writer.frames == 25:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ClipWriter, "write", watched)
    command = ["stylize", str(long_clip), "-m", str(tiny.path), "-o", str(tmp_path / "x.mp4")]
    done = CliRunner().invoke(app, [*command, "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 130 and told["stopped"]
    assert 25 <= len([*read_frames(tmp_path / "x.mp4")]) == told["frames"] < 250
