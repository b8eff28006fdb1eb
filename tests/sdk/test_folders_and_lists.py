"""Folders and lists whose pictures partly fail, are interrupted, and go on."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pocketstyle.cli.app import app
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import read_rgb
from pocketstyle.sdk import Stylizer, files, read_frames, stylize_file
from pocketstyle.sdk.pair_list import read_pair_list
from typer.testing import CliRunner

from .conftest import SIZE, quadrants, write_clip


@pytest.fixture
def folder(tmp_path):
    """Four pictures that can be made; one is a still GIF, one AVIF."""
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "b.avif", "c.gif", "d.PNG"):
        Image.fromarray(quadrants(40, 40)).save(tmp_path / "in" / name)
    return tmp_path / "in"


def spoil(folder) -> list[str]:
    """Add what cannot be made; its names."""
    (folder / "e.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "f.webp", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "g.gif", save_all=True, append_images=frames[1:])
    (folder / "h.jpg").touch()
    (folder / "i.NEF").write_bytes(b"MM\0*" + bytes(99))
    (folder / "j.png").symlink_to("nowhere.png")
    return ["e.heic", "f.webp", "g.gif", "h.jpg", "i.NEF", "j.png"]


def run(tiny, *arguments):
    command = ["stylize", "-m", str(tiny.path), *map(str, arguments)]
    return CliRunner().invoke(app, command)


def test_what_cannot_be_made_is_named_and_has_a_status(tiny, folder, tmp_path):
    done = run(tiny, folder, "-o", tmp_path / "all", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["skipped"] == []
    wrong = spoil(folder)
    done = run(tiny, folder, "-o", tmp_path / "out", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 3 and told["pictures"] == 4
    assert len(told["skipped"]) == len(wrong) and "6 left out" in done.stderr
    for name in wrong:
        assert len([line for line in told["skipped"] if name in line]) == 1
        assert name in done.stderr
    assert len(os.listdir(tmp_path / "out")) == 4


def test_a_failure_of_one_picture_names_it(stylizer, folder, tmp_path, monkeypatch):
    """Where what fails says nothing of the file: no face in it, no memory for it."""
    failures = iter([DataError("no face was found in the picture"), MemoryError(), None, None])
    stylized = files._stylized

    def fails(*arguments):
        failure = next(failures)
        if failure:
            raise failure
        return stylized(*arguments)

    monkeypatch.setattr(files, "_stylized", fails)
    made = stylize_file(stylizer, folder, tmp_path / "out")
    assert made.pictures == 2
    assert made.skipped == (
        f"{folder / 'a.jpg'}: no face was found in the picture",
        f"{folder / 'b.avif'}: it does not fit into memory",
    )


def test_a_long_name_ends_nothing(stylizer, folder, tmp_path):
    """`NAME.jpg.png`, where another picture has the name, may be longer than a name may be."""
    for name in ("n" * 251, "数" * 83):
        for suffix in (".jpg", ".bmp"):
            Image.fromarray(quadrants(8, 8)).save(folder / f"{name}{suffix}")
    Image.fromarray(quadrants(8, 8)).save(folder / ("k" * 251 + ".bmp"))
    made = stylize_file(stylizer, folder, tmp_path / "out")
    assert made.pictures == 5 and len(made.skipped) == 4
    assert all("File name too long" in line for line in made.skipped)


def test_a_full_disk_ends_it(stylizer, folder, tmp_path, monkeypatch):
    save = Image.Image.save

    def full(picture, path, **options):
        if len(list((tmp_path / "out").glob("[a-z]*"))) == 2:
            raise OSError(28, "No space left on device")
        save(picture, path, **options)

    monkeypatch.setattr(files.Image.Image, "save", full)
    with pytest.raises(DataError, match=r"No space left on device; 2 of 4 pictures are written"):
        stylize_file(stylizer, folder, tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["a.png", "b.png"]


def test_an_interrupted_folder_goes_on(tiny, stylizer, folder, tmp_path, monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def report(done: int, _: int | None) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        made = stylize_file(stylizer, folder, tmp_path / "out", report=report)
    finally:
        signal.signal(signal.SIGINT, before)
    assert made.stopped and made.pictures == 2
    first = tmp_path / "out" / "a.png"
    Image.new("RGB", (3, 3)).save(first)  # as a sign that it is left alone
    with pytest.raises(UsageError, match="--resume to go on"):
        stylize_file(stylizer, folder, tmp_path / "out")
    done = run(tiny, folder, "-o", tmp_path / "out", "--resume")
    assert done.exit_code == 0 and "2 made" in done.stdout and "2 were there" in done.stdout
    assert read_rgb(first).shape == (3, 3, 3) and len(os.listdir(tmp_path / "out")) == 4
    with pytest.raises(UsageError, match="is one file"):
        stylize_file(stylizer, folder / "a.jpg", tmp_path / "x.png", resume=True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_end_a_video_as_ctrl_c_does(tiny, tmp_path, name):
    clip = write_clip(tmp_path / "long.mp4", times=[40 * i for i in range(250)])
    code = (
        "import os, signal\n"
        f"signal.signal(signal.{name}, signal.SIG_DFL)\n"  # under nohup it is ignored
        "from pocketstyle.sdk.clip_writer import ClipWriter\n"
        "write = ClipWriter.write\n"
        "def watched(writer, *arguments):\n"
        "    write(writer, *arguments)\n"
        f"    if writer.frames == 25: os.kill(os.getpid(), signal.{name})\n"
        "ClipWriter.write = watched\n"
        "from pocketstyle.cli.app import main\n"
        "main()\n"
    )
    command = ["stylize", clip, "-m", tiny.path, "-o", tmp_path / "x.mp4"]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert "25 frames" in done.stdout and "stopped" in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["long.mp4", "x.mp4"]
    assert len([*read_frames(tmp_path / "x.mp4")]) >= 25


def test_a_still_gif_and_pictures_with_pages(stylizer, folder, tmp_path):
    stylize_file(stylizer, folder / "c.gif", tmp_path / "x.png")
    np.testing.assert_array_equal(
        read_rgb(tmp_path / "x.png"), stylizer.stylize(read_rgb(folder / "c.gif"))
    )
    ramp = Image.linear_gradient("L").convert("RGB")
    ramp.save(folder / "mpo.jpg", format="MPO", save_all=True, append_images=[ramp.rotate(90)])
    stylize_file(stylizer, folder / "mpo.jpg", tmp_path / "y.png")
    assert read_rgb(tmp_path / "y.png").shape == (SIZE, SIZE, 3)
    stylize_file(stylizer, folder / "b.avif", tmp_path / "z.avif")
    with Image.open(tmp_path / "z.avif") as picture:
        assert picture.format == "AVIF"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("header", [[], ["Content", "style"]])
def test_lists_as_spreadsheets_write_them(tmp_path, delimiter, encoding, header):
    pairs = [("Käse.jpg", "a b.jpg"), ("3,5.jpg", "für.png")]
    rows = [header, *pairs, ["", ""]] if header else [*pairs, ["", ""]]

    def cell(text: str) -> str:
        return f'"{text}"' if delimiter in text else text

    text = "".join(delimiter.join(map(cell, row)) + "\r\n" for row in rows)
    (tmp_path / "pairs.csv").write_bytes(text.encode(encoding))
    found = read_pair_list(tmp_path / "pairs.csv")
    assert found == [(tmp_path / a, tmp_path / b) for a, b in pairs]


def test_lists_that_are_none(tmp_path):
    for data, told in (
        (b"", "and it has none"),
        (b"a.jpg\n", "not 'a.jpg'"),
        (b"a.jpg;b.jpg;c.jpg\n", "a line is `content,style`"),
        (b"\xff\xfea", "cannot read"),
    ):
        (tmp_path / "pairs.csv").write_bytes(data)
        with pytest.raises(DataError, match=told) as caught:
            read_pair_list(tmp_path / "pairs.csv")
        assert "\n" not in str(caught.value)


def test_comic_is_the_default(tmp_path):
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "me.png")
    done = CliRunner().invoke(
        app, ["stylize", str(tmp_path / "me.png"), "-o", str(tmp_path / "x.png")]
    )
    assert done.exit_code == 0, done.output
    with Stylizer.load("comic") as stylizer, Image.open(tmp_path / "x.png") as drawn:
        assert (np.asarray(drawn) == stylizer.stylize(photo)).all()
