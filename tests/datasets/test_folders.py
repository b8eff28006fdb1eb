"""Folders of pictures, good and bad."""

import numpy as np
import pytest
from PIL import Image
from pocketstyle.datasets import read_folder
from pocketstyle.errors import DataError


def save(path, size=(40, 30), colour=(200, 100, 50), mode="RGB"):
    Image.new("RGB", size, colour).convert(mode).save(path)


def test_pictures_of_every_kind_become_square_rgb(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "b.jpg", mode="CMYK")
    save(tmp_path / "c.png", mode="L")
    (tmp_path / "notes.txt").write_text("no picture")
    found = read_folder(tmp_path, 16)
    assert found.pictures.shape == (3, 16, 16, 3)
    assert found.pictures.dtype == np.uint8
    assert found.names == ("a.png", "b.jpg", "c.png")
    assert found.skipped == ()
    np.testing.assert_allclose(found.pictures[0, 8, 8], (200, 100, 50), atol=2)


def test_what_cannot_be_taken_is_counted_and_named(tmp_path, capsys):
    for name in "abc":
        save(tmp_path / f"{name}.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[:40])
    (tmp_path / "text.png").write_text("not a picture")
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moves.webp", save_all=True, append_images=frames[1:])
    (tmp_path / "iphone.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    found = read_folder(tmp_path, 16)
    assert len(found) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"{tmp_path}: 5 left out: ") and told.count("\n") == 1
    for name in ("cut.jpg", "text.png", "moves.webp", "iphone.HEIC", "gone.jpg"):
        assert len([line for line in found.skipped if name in line]) == 1 and name in told


def test_a_smaller_picture_is_enlarged(tmp_path):
    for name in "ab":
        save(tmp_path / f"{name}.png", size=(5, 9))
    assert read_folder(tmp_path, 64).pictures.shape == (2, 64, 64, 3)


def test_too_few_readable_pictures_is_an_error(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no")
    with pytest.raises(
        DataError, match=r"1 readable pictures; at least 2 are needed \(1 left out: .*b\.png"
    ):
        read_folder(tmp_path, 16)


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        read_folder(tmp_path / "absent", 16)
    with pytest.raises(DataError, match="0 readable"):
        read_folder(tmp_path, 16)
    save(tmp_path / "a.png")
    with pytest.raises(DataError, match="not a folder"):
        read_folder(tmp_path / "a.png", 16)


def test_a_frame_takes_the_centre_in_its_proportion(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    Image.fromarray(rgb).save(tmp_path / "wide.png")
    Image.fromarray(rgb.swapaxes(0, 1)).save(tmp_path / "tall.png")
    tall, wide = read_folder(tmp_path, (20, 30)).pictures
    lanczos = Image.Resampling.LANCZOS
    part = Image.fromarray(rgb).crop((15, 0, 75, 40)).resize((30, 20), lanczos)
    np.testing.assert_array_equal(wide, np.asarray(part))
    whole = Image.fromarray(rgb.swapaxes(0, 1)).crop((0, 31, 40, 58)).resize((30, 20), lanczos)
    np.testing.assert_array_equal(tall, np.asarray(whole))
