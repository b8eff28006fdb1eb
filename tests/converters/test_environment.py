"""An environment of its own: made once, mended when broken, never half there."""

import sys

import pytest
from pocketstyle.converters import environment as module
from pocketstyle.converters.environment import RouteEnvironment
from pocketstyle.errors import PocketstyleError, UsageError


@pytest.fixture
def lists(tmp_path, monkeypatch):
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "plain.txt").write_text("six==1.17.0\n")
    (folder / "impossible.txt").write_text("six==0.0.0.1\n")
    monkeypatch.setattr(module, "LISTS", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def said():
    return []


def script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(text)
    return path


def test_it_is_made_once_and_runs_scripts(lists, said, tmp_path):
    made = RouteEnvironment("plain", said.append)
    work = script(tmp_path, "import six, sys; open(sys.argv[1], 'w').write(sys.prefix)")
    for _ in range(2):
        made.call(work, "out.txt", within=tmp_path)
    assert (tmp_path / "out.txt").read_text() == str(made.path) != sys.prefix
    assert len(said) == 1 and said[0].startswith("making the environment of plain")


def test_a_broken_one_is_built_again_and_that_is_said(lists, said, tmp_path):
    made = RouteEnvironment("plain", said.append)
    made.prepare()
    (library,) = made.path.glob("lib/python*/site-packages/six.py")
    library.unlink()
    made.call(script(tmp_path, "import six"), within=tmp_path)
    assert library.exists()
    assert any("broken or unfinished: removed and built again" in line for line in said)


def test_one_that_cannot_be_made_leaves_nothing(lists, said):
    made = RouteEnvironment("impossible", said.append)
    with pytest.raises(PocketstyleError, match="cannot make the environment of impossible"):
        made.prepare()
    assert not made.path.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ValueError('no such layer')", "plain failed: ValueError: no such layer"),
        ("import os; os.kill(os.getpid(), 9)", "plain was killed: probably not enough memory"),
        ("import time; time.sleep(60)", "plain: no answer within 1 s"),
    ],
    ids=["raises", "killed", "hangs"],
)
def test_what_goes_wrong_inside_is_one_line(lists, said, tmp_path, monkeypatch, text, words):
    made = RouteEnvironment("plain", said.append)
    made.prepare()
    if "sleep" in text:
        monkeypatch.setattr(module, "CALL_LIMIT", 1.0)
    with pytest.raises(PocketstyleError, match=words):
        made.call(script(tmp_path, text), within=tmp_path)


def test_an_unknown_route_is_refused(lists):
    with pytest.raises(UsageError, match=r"no environment for 'x'.*plain"):
        RouteEnvironment("x")
