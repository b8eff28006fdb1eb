"""Several targets on a real, local Ray cluster: a front, failures by target, a lost worker."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.search import search, search_front
from pocketstyle.search.config import load_config
from pocketstyle.search.metrics_file import read_metrics

ray = pytest.importorskip("ray")


def quiet(_stage, _done, _total):
    """No progress."""


@pytest.fixture(scope="module")
def config(toy_config):
    teacher = toy_config.parent / "teacher.safetensors"
    distil = ["search.loss=distill", f"search.teacher={teacher}", "search.fine_tune_steps=60"]
    return load_config(toy_config, distil)


def workers():
    """Process numbers of this machine's Ray workers that run a search."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                title = (process / "cmdline").read_text()
            except OSError:
                continue
            if "ray::_one_search" in title:
                found.append(int(process.name))
    return found


def test_a_front_with_a_lost_worker_and_a_target_out_of_reach(config, tmp_path):
    out, middle = tmp_path / "front", config.search.target_ms
    targets = [middle, 0.9 * middle, 1e-3]
    first = out / f"{middle:g}ms"
    killed = []

    def kill_one():
        while not (first / "checkpoint.safetensors").exists():
            time.sleep(0.01)
        victims = workers()
        killed.append(victims[0])
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    front = search_front(config, targets, out, resume=False, address="auto", report=quiet)
    killer.join(1)
    assert killed
    assert list(front["failed"]) == ["0.001"] and "out of reach" in front["failed"]["0.001"]
    assert json.loads((out / "front.json").read_text()) == front
    small, large = front["students"]
    for student, target in ((small, 0.9 * middle), (large, middle)):
        assert 0.85 * target <= student["predicted_ms"] <= target
        assert 0 < student["ssim_to_teacher"] < 1
        steps = [line["step"] for line in read_metrics(out / student["run"] / "metrics.jsonl")]
        assert steps == list(range(76))
    assert small["macs"] < large["macs"] < front["teacher"]["macs"]
    page = (out / "report.html").read_text()
    assert "out of reach" in page and "report.html" in page

    # what a lost worker left is what an undisturbed search finds
    alone = search(config, tmp_path / "alone", resume=False, report=quiet).parent / "metrics.jsonl"
    assert [line["loss"] for line in read_metrics(alone)] == pytest.approx(
        [line["loss"] for line in read_metrics(first / "metrics.jsonl")], rel=1e-3
    )

    with pytest.raises(UsageError, match="exists; pass --resume"):
        search_front(config, targets, out, resume=False, address="auto", report=quiet)


def test_what_cannot_be_asked_for(toy_config, config, tmp_path):
    ask = dict(resume=False, address="auto", report=quiet)
    with pytest.raises(UsageError, match=r"need search\.teacher"):
        search_front(load_config(toy_config), [1.0, 2.0], tmp_path / "a", **ask)
    with pytest.raises(UsageError, match="twice: 2, 2"):
        search_front(config, [2.0, 2.0], tmp_path / "a", **ask)
    with pytest.raises(PocketstyleError, match=r"cannot reach the Ray cluster '127\.0\.0\.1:1'"):
        search_front(config, [2.0], tmp_path / "a", **(ask | {"address": "127.0.0.1:1"}))
    assert not (tmp_path / "a").exists()
