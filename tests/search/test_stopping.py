"""Signals: the step is finished, a checkpoint kept, one line says how to go on."""

import signal
import subprocess
import time

import pytest
from pocketstyle.networks import load
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.run_directory import LOCK
from pocketstyle.search.state_file import load_state

from .test_resume import command, run

SELDOM = "--set=train.checkpoint_every=1000"  # what is kept is the signal's


def stopped(kind, config, out, number, step, *more):
    """Run until a step is logged, send the signal; what it said and the exit status."""
    metrics = out / "metrics.jsonl"
    with subprocess.Popen(
        command(kind, config, out, SELDOM, *more),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # ignored where tests run so
    ) as process:
        while not (metrics.exists() and len(read_metrics(metrics)) > step):
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(number)
        return process.communicate(timeout=120)[1].splitlines(), process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stopped_training_loses_nothing(number, toy_config, tmp_path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    told, status = stopped("train", toy_config, out, number, 2)
    done = load_state(out / "checkpoint.safetensors")["step"]
    assert read_metrics(out / "metrics.jsonl")[-1]["step"] == done - 1
    assert status == 128 + number
    assert told[-1] == (
        f"pocketstyle: {out}: stopped by {number.name} after step {done} of 30, {done} are kept; "
        "the same command with --resume goes on"
    )
    assert not (out / LOCK).exists()
    if number == signal.SIGTERM:
        run("train", toy_config, out, SELDOM, "--resume")
        run("train", toy_config, whole, SELDOM)
        assert (out / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
        weights = load(out / "model.safetensors")[0].state_dict()
        for name, value in load(whole / "model.safetensors")[0].state_dict().items():
            assert (value == weights[name]).all()


@pytest.mark.parametrize("step", [5, 20])  # of the search; of the fine-tuning
def test_a_stopped_search_goes_on(step, toy_config, tmp_path):
    told, status = stopped("search", toy_config, tmp_path / "out", signal.SIGTERM, step)
    state = load_state(tmp_path / "out" / "checkpoint.safetensors")
    assert status == 143 and "--resume" in told[-1]
    assert state["step"] > step
    assert state["phase"] == ("search" if step < 16 else "fine-tune")


def test_workers_live_on_when_all_are_signalled(toy_config, tmp_path):
    """A terminal's Ctrl-C, and systemd, reach every process of a group."""
    out = tmp_path / "out"
    metrics, workers = out / "metrics.jsonl", "--set=data.workers=1"
    with subprocess.Popen(
        command("train", toy_config, out, SELDOM, workers),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not (metrics.exists() and len(read_metrics(metrics)) > 2):
            time.sleep(0.002)
        subprocess.run(["kill", "-TERM", "--", f"-{process.pid}"], check=True)
        told = process.communicate(timeout=120)[1]
    assert process.returncode == 143, told
    assert "are kept" in told and "Traceback" not in told


def test_under_nohup_a_hang_up_is_no_end(toy_config, tmp_path):
    out = tmp_path / "out"
    metrics = out / "metrics.jsonl"
    with subprocess.Popen(
        ["nohup", *command("train", toy_config, out)], stderr=subprocess.DEVNULL
    ) as process:
        while not (metrics.exists() and len(read_metrics(metrics)) > 2):
            time.sleep(0.002)
        process.send_signal(signal.SIGHUP)
    assert process.returncode == 0 and (out / "model.safetensors").exists()
