"""StyleNAS on a real, local Ray cluster: a history, a front, a worker that is killed."""

import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import asdict

import pytest
import torch
from pocketstyle.datasets import heads
from pocketstyle.errors import DataError, PocketstyleError, UsageError
from pocketstyle.networks import Genotype, ModelCard, build, load, photo_spec, read_tensors, save
from pocketstyle.networks.photo import PHOTONAS, PHOTONET, load_encoder, stages_of
from pocketstyle.search import stylenas
from pocketstyle.search.config import load_config
from pocketstyle.search.judge import Judge
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.run_directory import LOCK
from pocketstyle.search.stylenas import Candidate, front

from .conftest import held_by_another, ray_workers

pytest.importorskip("ray")


def quiet(_candidates, _lost):
    """No table."""


@pytest.fixture
def config(toy_folder, encoder, tmp_path):
    """An oracle that nobody trained, and heads as the pairs."""
    tensors = read_tensors(encoder)
    torch.manual_seed(0)
    oracle = build(photo_spec(PHOTONET, 32, stages_of(tensors)))
    load_encoder(oracle.encoder, tensors)
    save(tmp_path / "oracle.safetensors", oracle, ModelCard("oracle"))
    heads.write_pairs(tmp_path / "written", 3, 64, seed=0)
    (tmp_path / "pairs").mkdir()
    for kind, part in (("photo", "content"), ("cartoon", "style")):
        (tmp_path / "written" / kind).rename(tmp_path / "pairs" / part)
    path = tmp_path / "nas.toml"
    path.write_text(f"""
[data]
source = "{toy_folder}/photo"
size = 32
[network]
family = "photo"
encoder = "{encoder}"
[train]
objective = "reconstruct"
batch = 2
[nas]
oracle = "{tmp_path}/oracle.safetensors"
pairs = "{tmp_path}/pairs"
judged = 2
height = 64
width = 64
candidates = 6
population = 3
sample = 2
steps = 2
""")
    return path


def test_a_search_loses_a_killed_workers_candidate_and_goes_on(config, tmp_path):
    killed = []

    def kill_one():
        while not (victims := ray_workers("Worker.judge")):
            time.sleep(0.01)
        killed.append(victims[0])
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    told = []
    out = tmp_path / "run"
    result = stylenas(
        load_config(config), out, resume=False, tell=lambda c, lost: told.append((len(c), lost))
    )
    killer.join(1)
    assert killed and result["lost"] == 1 and told[-1] == (6, 1)
    history = [Candidate(**line) for line in read_metrics(out / "history.jsonl")]
    assert len(history) == 6
    assert json.loads((out / "nas.json").read_text()) == result
    assert result["best"] == asdict(min(history, key=lambda one: one.score))
    for one in history:
        nas = load_config(config).nas
        share = one.genotype.count("1") / 31
        assert one.operators == pytest.approx(share) and 0 < one.ms <= result["oracle_ms"]
        score = nas.error * one.error + nas.perception * one.perception + nas.operators * share
        assert one.score == pytest.approx(score)
    page = (out / "report.html").read_text()
    assert result["best"]["genotype"] in page and "<svg" in page

    # more of the same, from the history, whose last line a kill cut short
    with (out / "history.jsonl").open("a") as file:
        file.write('{"genotype": "01')
    with pytest.raises(UsageError, match="pass --resume"):
        stylenas(load_config(config), out, resume=False, tell=quiet)
    more = load_config(config, ["nas.candidates=8"])
    assert stylenas(more, out, resume=True, tell=quiet)["candidates"] == 8
    longer = [Candidate(**line) for line in read_metrics(out / "history.jsonl")]
    assert longer[:6] == history and len(longer) == 8
    with pytest.raises(UsageError, match=r"nas\.sample was 2, not 3"):
        stylenas(load_config(config, ["nas.sample=3"]), out, resume=True, tell=quiet)


def test_a_run_has_one_writer(config, tmp_path, monkeypatch):
    nowhere = nullcontext()  # Ray is not needed to see that another process holds it
    monkeypatch.setattr(sys.modules[stylenas.__module__], "cluster", lambda _: nowhere)
    with held_by_another(tmp_path / "run" / LOCK) as process:
        with pytest.raises(UsageError, match=f"in use by process {process.pid} on"):
            stylenas(load_config(config), tmp_path / "run", resume=False, tell=quiet)
        assert [path.name for path in (tmp_path / "run").iterdir()] == [LOCK]


def test_a_limit_of_milliseconds_keeps_slower_ones_out(config, tmp_path):
    settings = ["nas.method=random", "nas.candidates=4", "nas.steps=0"]
    free = stylenas(load_config(config, settings), tmp_path / "free", resume=False, tell=quiet)
    limit = (free["front"][0]["ms"] + free["oracle_ms"]) / 2
    held = load_config(config, [*settings, f"nas.at_most_ms={limit}"])
    stylenas(held, tmp_path / "held", resume=False, tell=quiet)
    lines = read_metrics(tmp_path / "held" / "history.jsonl")
    assert len(lines) == 4 and all(line["ms"] <= limit for line in lines)
    none = load_config(config, [*settings, "nas.at_most_ms=0.001"])
    with pytest.raises(UsageError, match="1000 genotypes are all slower"):
        stylenas(none, tmp_path / "none", resume=False, tell=quiet)


def test_the_oracle_itself_is_without_error(config):
    judge = Judge(load_config(config, ["nas.steps=0"]))
    whole = judge.judge(PHOTONET)
    assert whole.error < 1e-8 and whole.perception < 1e-6
    assert judge.judge(PHOTONAS).error > 1e-4
    trained = Judge(load_config(config, ["nas.steps=3", "nas.inherit=false"]))
    assert trained.judge(PHOTONAS) == trained.judge(PHOTONAS)  # nothing of the last one is left


def test_the_front_is_what_nothing_dominates():
    def one(ms, error):
        return Candidate("", 0.0, error, 0.0, 0.0, ms, 0.0, 0.0)

    found = front([one(3, 0.1), one(1, 0.5), one(2, 0.6), one(2, 0.3), one(4, 0.1), one(1, 0.7)])
    assert [(c.ms, c.error) for c in found] == [(1, 0.5), (2, 0.3), (3, 0.1)]


def test_what_cannot_be_searched(config, tmp_path):
    oracle = tmp_path / "oracle.safetensors"
    network, card = load(oracle)
    small = tmp_path / "small.safetensors"
    stages = network.encoder_stages
    save(small, build(photo_spec(Genotype(("stage1/transfer",)), 32, stages)), card)
    for wrong, error, told in (
        ([f"nas.oracle={small}"], UsageError, "no PhotoNet with all of its operators"),
        (["nas.oracle=nowhere"], UsageError, "no model nowhere"),
        ([f"nas.pairs={tmp_path}"], DataError, "no such folder"),
        (["nas.judged=9"], DataError, "has 3 pairs"),
        ([f"data.source={tmp_path}/none"], DataError, "no such folder"),
    ):
        with pytest.raises(error, match=told):
            stylenas(load_config(config, wrong), tmp_path / "out", resume=False, tell=quiet)
        assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match=r"needs network\.family"):
        load_config(config, ["network.family=ugatit", "train.objective=unpaired"])
    with pytest.raises(PocketstyleError, match="cannot reach the Ray cluster"):
        stylenas(
            load_config(config),
            tmp_path / "far",
            resume=False,
            address="127.0.0.1:1",
            tell=quiet,
        )
    assert not (tmp_path / "far").exists()
