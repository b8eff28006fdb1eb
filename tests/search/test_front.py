"""Several targets on a real, local Ray cluster: a front, failures by target, a lost worker."""

import json
import os
import signal
import threading
import time

import pytest
import torch
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.networks import ModelCard, build, save, start_search, ugatit_spec
from pocketstyle.search import search, search_front
from pocketstyle.search.config import load_config
from pocketstyle.search.cost_term import smallest_cost
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.supernet_cost import SupernetLatency

from .conftest import ray_workers

ray = pytest.importorskip("ray")


def quiet(_stage, _done, _total):
    """No progress."""


@pytest.fixture(scope="module")
def config(toy_config, tmp_path_factory):
    """A teacher wide enough to have students of different sizes."""
    teacher = tmp_path_factory.mktemp("teacher") / "wide.safetensors"
    save(teacher, build(ugatit_spec(32, 8, 2)), ModelCard("wide"))
    distil = ["search.loss=distill", f"search.teacher={teacher}", "search.fine_tune_steps=60"]
    return load_config(toy_config, distil)


@pytest.fixture(scope="module")
def latencies(config):
    """Of the full network, and of the smallest of the search space."""
    supernet = build(ugatit_spec(32, 8, 2))
    start_search(supernet, config.search.keep_at_least)
    latency = SupernetLatency(supernet, config.search.device)
    return latency.predict(), smallest_cost(latency)


def test_a_front_with_a_lost_worker_and_a_target_out_of_reach(config, latencies, tmp_path, capsys):
    full, smallest = latencies
    out, targets = tmp_path / "front", [(full + smallest) / 2, (full + 3 * smallest) / 4, 1e-3]
    first = out / f"{targets[0]:g}ms"
    killed = []

    def kill_one():
        while not (first / "checkpoint.safetensors").exists():
            time.sleep(0.01)
        victims = ray_workers("_one_search")
        killed.append(victims[0])
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    front = search_front(config, targets, out, resume=False, address="auto", report=quiet)
    killer.join(1)
    assert killed
    assert capsys.readouterr().out == ""
    assert list(front["failed"]) == ["0.001"] and "out of reach" in front["failed"]["0.001"]
    assert json.loads((out / "front.json").read_text()) == front
    small, large = front["students"]
    for student, target in ((small, targets[1]), (large, targets[0])):
        assert 0.85 * target <= student["predicted_ms"] <= target
        assert 0 < student["ssim_to_teacher"] < 1
        steps = [line["step"] for line in read_metrics(out / student["run"] / "metrics.jsonl")]
        assert steps == list(range(76))
    assert small["macs"] < large["macs"] < front["teacher"]["macs"]
    page = (out / "report.html").read_text()
    assert "out of reach" in page and "report.html" in page

    # what a lost worker left is what an undisturbed search finds
    settings = config.search.model_copy(update={"target_ms": targets[0]})
    same = config.model_copy(update={"search": settings})
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, os.cpu_count() // len(targets)))  # a worker's: other sums else
    alone = search(same, tmp_path / "alone", resume=False, report=quiet).parent / "metrics.jsonl"
    torch.set_num_threads(before)
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
    with pytest.raises(PocketstyleError, match="'nonsense' is no Ray cluster's HOST:PORT"):
        search_front(config, [2.0], tmp_path / "a", **(ask | {"address": "nonsense"}))
    assert not (tmp_path / "a").exists()
