"""One writer at a time, named; a lock ends with its owner."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from pocketstyle.cli import prune
from pocketstyle.errors import UsageError
from pocketstyle.networks import ModelCard, art_spec, build, save, ugatit_spec
from pocketstyle.search import search_front
from pocketstyle.search.config import load_config
from pocketstyle.search.run_directory import LOCK, RunDirectory
from pocketstyle.search.run_lock import locked

from .conftest import held_by_another


@pytest.fixture
def owner(tmp_path):
    with held_by_another(tmp_path / LOCK) as process:
        yield process


def test_a_held_lock_names_its_owner_and_ends_with_it(owner, tmp_path):
    told = rf"it is in use by process {owner.pid} on {socket.gethostname()} since 20\d\d-"
    for _ in range(2):  # asking changes nothing
        with pytest.raises(UsageError, match=told), locked(tmp_path / LOCK, "it"):
            pass
    owner.kill()
    owner.wait()
    assert (tmp_path / LOCK).exists()  # nobody was left to remove it
    with locked(tmp_path / LOCK, "it"):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_a_lock_is_free_again_after_a_failure(tmp_path):
    for _ in range(2):
        with pytest.raises(ValueError), locked(tmp_path / "new" / LOCK, "it"):
            raise ValueError
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_run_directory(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UsageError, match="file is no folder"), locked(tmp_path / "file/x", "it"):
        pass
    assert (tmp_path / "file").read_text() == "kept"


def test_a_forked_child_does_not_keep_what_its_parent_held(tmp_path):
    with locked(tmp_path / LOCK, "it"):
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        child.start()
    with locked(tmp_path / LOCK, "it"):
        child.kill()
    child.join()


def test_a_run_has_one_writer(owner, toy_config, tmp_path):
    for resume in (False, True):
        config = load_config(toy_config)
        with (
            pytest.raises(UsageError, match=f"in use by process {owner.pid}"),
            RunDirectory.held(tmp_path, config, resume=resume),
        ):
            pass
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_fronts_and_prunings_have_one_writer(toy_config, tmp_path):
    """Each refuses what another process holds, and writes nothing."""
    save(tmp_path / "teacher.safetensors", build(ugatit_spec(32, 4, 1)), ModelCard("teacher"))
    save(tmp_path / "art.safetensors", build(art_spec("vgg", 3, 64)), ModelCard("art"))
    distil = ["search.loss=distill", f"search.teacher={tmp_path}/teacher.safetensors"]
    config = load_config(toy_config, distil)

    def front(out):
        search_front(config, [5.0], out, resume=False, address="auto", report=lambda *_: None)

    def pruned(out):
        prune.run(str(tmp_path / "art.safetensors"), out / "x.safetensors", tmp_path)

    for name, run, lock in (("front", front, LOCK), ("pruned", pruned, ".x.lock")):
        out = tmp_path / name
        out.mkdir()
        with held_by_another(out / lock) as process:
            with pytest.raises(UsageError, match=f"in use by process {process.pid} on"):
                run(out)
            assert [path.name for path in out.iterdir()] == [lock]


def test_two_trainings_into_one_directory(toy_config, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "pocketstyle", "train", str(toy_config), "--out", str(out)]
    command.append("--set=train.steps=100000")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
        while not (out / LOCK).exists() and first.poll() is None:
            time.sleep(0.01)
        second = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=120)
        first.send_signal(signal.SIGKILL)
    assert second.returncode == 2
    assert len(second.stderr.splitlines()) == 1
    assert f"{out} is in use by process {first.pid} on" in second.stderr
