import os

import numpy as np
import pytest
from PIL import Image
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import read_rgb
from pocketstyle.sdk import PictureReport, VideoReport, files, read_frames, stylize_file

from .conftest import SIZE, quadrants


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(quadrants(50, 40)).save(path)
    return path


def test_picture(stylizer, photo, tmp_path):
    made = stylize_file(stylizer, photo, tmp_path / "out.png")
    assert isinstance(made, PictureReport) and (made.pictures, made.skipped) == (1, ())
    expected = stylizer.stylize(quadrants(50, 40))
    np.testing.assert_array_equal(read_rgb(tmp_path / "out.png"), expected)


def test_picture_as_jpeg_and_stretched(stylizer, photo, tmp_path):
    stylize_file(stylizer, photo, tmp_path / "out.JPG", fit="stretch")
    with Image.open(tmp_path / "out.JPG") as picture:
        assert (picture.format, picture.size) == ("JPEG", (50, 40))


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_compared_picture(stylizer, photo, tmp_path, fit):
    stylize_file(stylizer, photo, tmp_path / "out.png", fit=fit, compare=True)
    both = read_rgb(tmp_path / "out.png")
    left, right = np.split(both, 2, axis=1)
    np.testing.assert_array_equal(right, stylizer.stylize(quadrants(50, 40), fit))
    assert left.shape[:2] == ((SIZE, SIZE) if fit == "crop" else (40, 50))
    np.testing.assert_allclose(left[2, 2], (200, 30, 30), atol=8)


def test_video(stylizer, clip, tmp_path):
    made = stylize_file(stylizer, clip, tmp_path / "out.mp4")
    assert isinstance(made, VideoReport) and made.frames == 12
    assert len(list(read_frames(tmp_path / "out.mp4"))) == 12


def test_folder(stylizer, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "deep").mkdir(parents=True)
    picture = Image.fromarray(quadrants(40, 40))
    for name in ("a.jpg", "a.png", "b.jpg", "deep/c.webp"):
        picture.save(source / name)
    (source / "bad.png").write_text("no picture")
    (source / "notes.txt").write_text("passed over")
    calls = []
    made = stylize_file(stylizer, source, target, report=lambda *done: calls.append(done))
    assert made.pictures == 4
    assert len(made.skipped) == 1 and "bad.png is not a picture" in made.skipped[0]
    assert calls == [(i, 5) for i in range(1, 6)]
    written = sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_file())
    assert written == ["a.jpg.png", "a.png.png", "b.png", os.path.join("deep", "c.png")]
    np.testing.assert_array_equal(
        read_rgb(target / "a.png.png"), stylizer.stylize(quadrants(40, 40))
    )


def test_folder_written_below_itself_does_not_eat_its_results(stylizer, photo, tmp_path):
    assert stylize_file(stylizer, tmp_path, tmp_path / "out").pictures == 1
    assert stylize_file(stylizer, tmp_path, tmp_path / "out", force=True).pictures == 1


def test_folders_that_cannot_be_used(stylizer, photo, tmp_path):
    empty, bad = tmp_path / "empty", tmp_path / "bad"
    empty.mkdir()
    bad.mkdir()
    (bad / "x.png").write_text("no picture")
    with pytest.raises(DataError, match=r"empty has no picture that can be read \(0 tried\)"):
        stylize_file(stylizer, empty, tmp_path / "out")
    with pytest.raises(DataError, match=r"\(1 tried\)"):
        stylize_file(stylizer, bad, tmp_path / "out")
    with pytest.raises(UsageError, match="target must be one too"):
        stylize_file(stylizer, bad, photo, force=True)
    with pytest.raises(UsageError, match="same folder"):
        stylize_file(stylizer, bad, bad, force=True)


def test_existing_targets_are_kept_unless_forced(stylizer, photo, tmp_path):
    target = tmp_path / "out.png"
    target.write_text("precious")
    with pytest.raises(UsageError, match=r"out\.png exists; pass --force to replace it"):
        stylize_file(stylizer, photo, target)
    assert target.read_text() == "precious"
    stylize_file(stylizer, photo, target, force=True)
    assert read_rgb(target).shape == (SIZE, SIZE, 3)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(UsageError, match="full exists"):
        stylize_file(stylizer, tmp_path, tmp_path / "full")


def test_wrong_sources_and_targets(stylizer, photo, clip, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no picture, no video\n" * 50)
    with pytest.raises(DataError, match="neither a picture nor a video"):
        stylize_file(stylizer, text, tmp_path / "out.png")
    with pytest.raises(DataError, match="no such file"):
        stylize_file(stylizer, tmp_path / "none.png", tmp_path / "out.png")
    with pytest.raises(UsageError, match="a picture is written as"):
        stylize_file(stylizer, photo, tmp_path / "out.mp4")
    with pytest.raises(UsageError, match="a video is written as"):
        stylize_file(stylizer, clip, tmp_path / "out.png")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="cannot write"):
        stylize_file(stylizer, photo, tmp_path / "file" / "out.png")
    with pytest.raises(UsageError, match="one of crop, stretch"):
        stylize_file(stylizer, photo, tmp_path / "out.png", fit="fill")


def test_a_failed_save_leaves_the_target_alone(stylizer, photo, tmp_path, monkeypatch):
    target = tmp_path / "out.png"
    target.write_text("precious")

    def disk_full(picture, path, **options):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Image.Image, "save", disk_full)
    with pytest.raises(DataError, match=r"cannot write .*out\.png: No space left"):
        stylize_file(stylizer, photo, target, force=True)
    assert target.read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.png", "photo.png"]
