"""Faces in files: videos, folders and the command."""

import json

import numpy as np
import pytest
from PIL import Image
from pocketstyle.cli.app import app
from pocketstyle.errors import DataError, UsageError
from pocketstyle.sdk import (
    Stylizer,
    read_frames,
    read_rgb,
    stylize_file,
    stylize_video,
    write_video,
)
from pocketstyle.sdk.faces import Alignment, Portrait
from typer.testing import CliRunner

from ..test_video import difference
from .conftest import ROOT

PHOTO = ROOT / "demo/astronaut.jpg"


@pytest.fixture(scope="module")
def toonhead():
    with Stylizer.load("toonhead", accelerator="cpu") as stylizer:
        yield stylizer


@pytest.fixture
def clip(astronaut, tmp_path):
    """A face that moves to the right by two pixels a frame."""
    frames = [np.roll(astronaut, 2 * i, 1) for i in range(4)]
    write_video(frames, tmp_path / "clip.mp4", fps=25)
    return tmp_path / "clip.mp4"


def test_the_nearest_face_alone(toonhead, astronaut, mesh):
    (face,) = mesh.detect(astronaut)
    made = Portrait(toonhead, mesh, faces="crop").stylize(astronaut)
    assert (made == toonhead.apply(Alignment.of(face).cut(astronaut, toonhead.size))).all()
    nothing = np.zeros((60, 90, 3), np.uint8)
    kept = Portrait(toonhead, mesh, faces="crop").stylize(nothing)
    assert kept.shape == (256, 256, 3) and not kept.any()
    whole = Portrait(toonhead, mesh, "whole", faces="crop").stylize(nothing)
    assert (whole == toonhead.stylize(nothing)).all()
    with pytest.raises(UsageError, match="faces is 'glue'; it is one of paste, crop"):
        Portrait(toonhead, mesh, faces="glue")


def test_every_frame_of_a_video(toonhead, mesh, clip, tmp_path):
    made = stylize_video(Portrait(toonhead, mesh), clip, tmp_path / "x.mp4")
    assert (made.frames, made.width, made.height) == (4, 320, 320)
    portrait = Portrait(toonhead, mesh)
    for i, (frame, got) in enumerate(
        zip(read_frames(clip), read_frames(tmp_path / "x.mp4"), strict=True)
    ):
        assert difference(portrait.stylize(frame, i / 25), got) < 4
        assert difference(frame, got) > 4


def test_a_video_of_one_face(toonhead, mesh, clip, tmp_path):
    portrait = Portrait(toonhead, mesh, faces="crop")
    made = stylize_video(portrait, clip, tmp_path / "x.mp4")
    assert (made.frames, made.width, made.height) == (4, 256, 256)
    for wrong in ({"compare": True}, {"steady": True}):
        with pytest.raises(UsageError, match="shown alone"):
            stylize_video(portrait, clip, tmp_path / "y.mp4", **wrong)
    assert not (tmp_path / "y.mp4").exists()


def test_a_comparison_has_the_frame_on_the_left(toonhead, mesh, clip, tmp_path):
    made = stylize_video(Portrait(toonhead, mesh), clip, tmp_path / "x.mp4", compare=True)
    assert (made.width, made.height) == (640, 320)
    frame, got = next(read_frames(clip)), next(read_frames(tmp_path / "x.mp4"))
    assert difference(frame, got[:, :320]) < 4 < difference(frame, got[:, 320:])


def test_a_video_without_faces_may_be_an_error(toonhead, mesh, tmp_path):
    write_video([np.zeros((64, 64, 3), np.uint8)] * 3, tmp_path / "clip.mp4", fps=25)
    with pytest.raises(DataError, match="no face"):
        stylize_video(Portrait(toonhead, mesh, "error"), tmp_path / "clip.mp4", tmp_path / "x.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_folder_skips_pictures_without_faces(toonhead, mesh, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(PHOTO.read_bytes())
    Image.new("RGB", (64, 64)).save(folder / "b.png")
    made = stylize_file(Portrait(toonhead, mesh, "error"), folder, tmp_path / "out")
    assert made.pictures == 1 and "no face" in made.skipped[0]
    (tmp_path / "pairs.csv").write_text("in/a.jpg,in/b.png\n")
    with pytest.raises(UsageError, match="faces are drawn in one"):
        stylize_file(Portrait(toonhead, mesh), tmp_path / "pairs.csv", tmp_path / "other")


def test_the_command(tmp_path):
    def run(*arguments: str):
        command = ["stylize", str(PHOTO), "-m", "toonhead", "-o", str(tmp_path / "x.png")]
        return CliRunner().invoke(app, [*command, *arguments])

    done = run("--faces", "crop", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["pictures"] == 1
    assert read_rgb(tmp_path / "x.png").shape == (256, 256, 3)
    assert run("--faces", "paste", "--force").exit_code == 0
    assert read_rgb(tmp_path / "x.png").shape == (320, 320, 3)
    for wrong, told in (
        (["--no-face", "keep"], "go with --faces"),
        (["--detector", "a.onnx"], "go with --faces"),
        (["--faces", "crop", "--fit", "stretch"], "--faces draws their faces"),
        (["--faces", "crop", "--compare", "--force"], "shown alone"),
        (["--faces", "all"], "one of paste, crop"),
        (["--faces", "crop", "--no-face", "skip"], "one of keep, whole, error"),
        (["--faces", "crop", "--detector", "a.txt"], "is no face detector"),
    ):
        failed = run(*wrong)
        assert isinstance(failed.exception, UsageError) and told in str(failed.exception), wrong
    failed = run("--faces", "crop", "--detector", str(tmp_path / "a.onnx"))
    assert isinstance(failed.exception, DataError) and "no such file" in str(failed.exception)
