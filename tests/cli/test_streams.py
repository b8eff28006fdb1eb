"""Programs without a terminal: logs, pipes that are closed, streams that are not there."""

import os
import subprocess
import sys

import pytest
from pocketstyle.cli import progress as module
from pocketstyle.cli.progress import progress
from pocketstyle.quiet import quiet

PROGRAM = [sys.executable, "-m", "pocketstyle"]


def test_a_log_has_a_line_every_half_minute_and_a_last_one(capsys):
    now = 0.0
    report = module._lines(clock=lambda: now)
    for done in range(1, 101):
        now += 2.0
        report("stylize", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "stylize: 15 of 100, 0.5/s, 2:50 left"
    assert len(lines) == 200 // 30 + 1 and lines[-1] == "stylize: 100 of 100, 0.5/s"
    report("camera", 1, None)  # whose end nobody knows
    now += 40.0
    report("camera", 401, None)
    assert capsys.readouterr().err == "camera: 401, 10.0/s\n"


def test_where_stderr_is_no_terminal_there_are_no_bars(capsys):
    with progress() as report:
        report("stylize", 3, 3)
    assert capsys.readouterr().err == "stylize: 3 of 3\n"


def test_progress_that_nobody_hears_is_no_error(monkeypatch):
    with progress() as report:
        monkeypatch.setattr(sys, "stderr", None)
        report("stylize", 3, 3)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "> /dev/full 2>&-"])
def test_closed_streams_are_no_error(tmp_path, closed):
    """`quiet` is what needs descriptors; the picture is whole whatever they are."""
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    command = f'exec "$0" -m pocketstyle stylize a.png -m heads --fit crop -o b.png {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=tmp_path)
    assert done.returncode == (0 if "full" not in closed else 1)
    with Image.open(tmp_path / "b.png") as picture:
        picture.load()
    assert sorted(os.listdir(tmp_path)) == ["a.png", "b.png"]


def test_a_reader_that_has_gone_is_no_error():
    child = subprocess.Popen(
        [*PROGRAM, "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    child.stdout.close()
    assert child.stderr.read() == "" and child.wait() == 0
    child.stderr.close()


def test_quiet_without_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with quiet():
        os.write(1, b"native\n")


def test_names_that_are_no_text(tmp_path):
    from PIL import Image

    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    Image.new("RGB", (9, 9)).save(os.path.join(folder, b"caf\xe9.png"))
    with open(os.path.join(folder, b"\xff.png"), "wb"):
        pass
    command = [*PROGRAM, "stylize", folder, "-m", "heads", "--fit", "crop"]
    target = os.fsencode(tmp_path) + b"/\xe4us"
    done = subprocess.run([*command, "-o", target], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "\\udcff.png is empty" in done.stderr and "Traceback" not in done.stderr
    assert os.listdir(target) == [b"caf\xe9.png"]
