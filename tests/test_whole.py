"""Files that appear whole, whoever else writes to the same place."""

import os
import subprocess
import sys
import threading

import pytest
from pocketstyle.errors import DataError
from pocketstyle.whole import written_whole


def write(target, text: str) -> None:
    with written_whole(target) as part:
        part.write_text(text)


def test_two_writers_each_write_a_whole_file(tmp_path):
    target = tmp_path / "x"
    with written_whole(target) as one, written_whole(target) as other:
        assert one != other
        one.write_text("a" * 100)
        other.write_text("b")
        assert not target.exists()
    assert target.read_text() == "a" * 100
    many = [threading.Thread(target=write, args=(target, str(i) * 5000)) for i in range(8)]
    for writer in many:
        writer.start()
    for writer in many:
        writer.join()
    text = target.read_text()
    assert len(text) == 5000 and len(set(text)) == 1
    assert os.listdir(tmp_path) == ["x"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DataError, match="file is no folder"):
        write(tmp_path / "file" / "x", "")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("name", ["n" * 255, "数" * 85, "12:30.mp4", "two\nlines", b"\xff.png"])
def test_any_name_that_the_file_system_takes(tmp_path, name):
    target = tmp_path / os.fsdecode(name)
    with written_whole(target) as part:
        assert part.is_absolute() and len(os.fsencode(part.name)) < 64 and ":" not in part.name
        part.write_text("whole")
    assert target.read_text() == "whole" and len(os.listdir(tmp_path)) == 1


def test_a_dead_writers_file_is_cleared_and_a_living_ones_kept(tmp_path):
    code = (
        "import sys; from pocketstyle.whole import written_whole\n"
        "with written_whole(sys.argv[1]) as part:\n"
        "    part.write_text('half')\n"
        "    print(part, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    part = writer.stdout.readline().strip()
    later = "import sys; from pocketstyle.whole import written_whole\n"
    later += "with written_whole(sys.argv[1]) as part: part.write_text('whole')"
    command = [sys.executable, "-c", later, tmp_path / "y"]
    subprocess.run(command, check=True)
    assert os.path.exists(part)
    writer.kill()
    writer.wait()
    assert os.path.exists(part)
    subprocess.run(command, check=True)
    assert os.listdir(tmp_path) == ["y"]
    writer.stdin.close()
    writer.stdout.close()


def test_what_a_link_leads_to_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "x")
    for text in ("new", "newer"):
        write(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "disk" / "x").read_text() == text
    with pytest.raises(DataError, match=r"cannot write .*/file/x: Not a directory"):
        write(tmp_path / "disk" / "x" / "file" / "x", "no folder")


def test_a_full_disk_leaves_nothing(tmp_path):
    (tmp_path / "x").write_text("precious")
    with pytest.raises(DataError, match="No space left"), written_whole(tmp_path / "x") as part:
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert (tmp_path / "x").read_text() == "precious" and os.listdir(tmp_path) == ["x"]
