"""A kill at any instant, then --resume: the same run, bit for bit."""

import json
import random
import subprocess
import sys
import time
import tomllib

import pytest
from pocketstyle.networks import load
from pocketstyle.search.metrics_file import curve, read_metrics
from pocketstyle.search.state_file import load_state

CHANGES = {
    "train": [],
    "search": [],
    "search-paired": ["train.objective=paired"],
    "search-distilled": [
        *("search.loss=distill", "search.teacher={teacher}", "search.bank=3"),
        "train.optimizer=muon",
    ],
}


def command(kind, config, out, *more):
    verb = kind.partition("-")[0]
    teacher = config.parent / "teacher.safetensors"
    changes = [f"--set={change.format(teacher=teacher)}" for change in CHANGES[kind]]
    return [
        *(sys.executable, "-m", "pocketstyle", verb, str(config), "--out", str(out)),
        *(*changes, *more),
    ]


def run(*arguments):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("kind", ["train", "search", "search-distilled"])
def test_killed_and_resumed_equals_uninterrupted(kind, toy_config, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(kind, toy_config, whole)

    rng = random.Random(kind)
    kills = 0
    for _ in range(2):
        process = subprocess.Popen(
            command(kind, toy_config, broken, "--resume"), stderr=subprocess.DEVNULL
        )
        wanted = rng.randrange(*((5, 12), (22, 28))[kills])  # lines logged before the kill
        metrics = broken / "metrics.jsonl"
        while process.poll() is None:
            if metrics.exists() and len(metrics.read_text().splitlines()) >= wanted:
                time.sleep(rng.random() * 0.05)
                process.kill()
                kills += 1
                break
            time.sleep(0.005)
        process.wait()
    assert kills == 2, "the run ended before it could be killed"
    if kind != "train":  # once while searching, once while fine-tuning
        assert load_state(broken / "checkpoint.safetensors")["phase"] == "fine-tune"
    run(kind, toy_config, broken, "--resume")

    assert (broken / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    (a, _), (b, _) = load(whole / "model.safetensors"), load(broken / "model.safetensors")
    assert a.spec == b.spec
    if kind != "train":
        _, predicted = curve(read_metrics(metrics), "predicted_ms")
        target = tomllib.loads((whole / "config.toml").read_text())["search"]["target_ms"]
        assert predicted[0] > target and 0.95 * target < predicted[-1] <= target
    weights = b.state_dict()
    assert all((value == weights[name]).all() for name, value in a.state_dict().items())


def test_a_run_is_not_overwritten(toy_config, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.toml").write_text("x = 1\n")
    for more, message in (
        ((), "holds a run already"),
        (("--resume",), "needs the run's configuration: data.size was 256, not 32"),
    ):
        done = subprocess.run(
            command("train", toy_config, out, *more), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 2
        assert message in done.stderr
        assert (out / "config.toml").read_text() == "x = 1\n"


def test_a_search_meets_its_target_and_says_what_it_did(toy_config, tmp_path):
    out = tmp_path / "paired"
    run("search-paired", toy_config, out, "--json")
    _, card = load(out / "model.safetensors")
    target = card.provenance["config"]["search"]["target_ms"]
    assert card.provenance["predicted_ms"]["s10"] <= target
    assert card.provenance["macs"] < card.provenance["searched_from"]["macs"]
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert {"loss", "l1", "adversarial", "predicted_ms", "target_ms"} <= set(lines[5])
    assert "predicted_ms" not in lines[-1]  # fine-tuning has no masks
