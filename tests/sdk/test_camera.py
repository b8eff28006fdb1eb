"""Cameras; where this computer has none, a file stands in for the device."""

import json
import sys
from pathlib import Path

import pytest
from pocketstyle.cli.app import app
from pocketstyle.errors import DataError, UsageError
from pocketstyle.sdk import camera, open_camera, read_frames, stylize_video
from typer.testing import CliRunner

from .conftest import SIZE, write_clip
from .test_video import times


@pytest.fixture
def looped_back(tmp_path, monkeypatch) -> Path:
    """Camera 0 is a clip whose time stamps are those of a computer that runs for an hour."""
    path = write_clip(tmp_path / "0.mkv", times=[3_600_000 + 40 * i for i in range(12)], audio=None)
    pattern = str(tmp_path / "{}.mkv")
    monkeypatch.setattr(camera, "CAMERAS", {sys.platform: ("matroska", pattern)})
    return path


def test_a_camera_begins_at_0(looped_back, stylizer, tmp_path):
    assert times(looped_back)[0] == 3600
    made = stylize_video(stylizer, open_camera(0), tmp_path / "x.mp4", seconds=0.2)
    assert made.frames == 5 and not made.stopped
    assert times(tmp_path / "x.mp4") == pytest.approx([0, 0.04, 0.08, 0.12, 0.16], abs=1e-3)


def test_the_command(looped_back, tiny, tmp_path):
    def run(*arguments: str):
        command = ["stylize", "-m", str(tiny.path), "-o", str(tmp_path / "x.mp4"), *arguments]
        return CliRunner().invoke(app, command)

    done = run("--camera", "0", "--seconds", "0.1", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["frames"] == 3
    assert [frame.shape for frame in read_frames(tmp_path / "x.mp4")] == [(SIZE, SIZE, 3)] * 3
    for wrong, told in (
        (["--camera", "0"], "exists"),
        (["--camera", "0", "a.png"], "or else --camera"),
        ([], "or else --camera"),
        (["--camera", "0", "--mask", "m.png"], "--mask is for pictures"),
    ):
        failed = run(*wrong)
        assert isinstance(failed.exception, UsageError) and told in str(failed.exception)


def test_no_such_camera(looped_back, monkeypatch):
    with pytest.raises(DataError, match=r"no such file: .*7\.mkv"):
        open_camera(7)
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(UsageError, match="not on plan9"):
        open_camera()


def test_a_real_camera(stylizer, tmp_path):
    if not Path("/dev/video0").exists():
        pytest.skip("this computer has no camera")
    made = stylize_video(stylizer, open_camera(0), tmp_path / "x.mp4", seconds=0.5)
    assert made.frames > 0
