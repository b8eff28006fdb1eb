"""Several processes, and several parts of a batch, train as one process does with the whole."""

import subprocess
import sys

import pytest
import torch
from pocketstyle.networks import load
from pocketstyle.search.config import load_config
from pocketstyle.search.fresh import fresh_generator
from pocketstyle.search.learner import Learner
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.objectives import OBJECTIVES

STEPS = 12


def trained(config, out, processes, *more):
    start = [sys.executable, "-m"]
    if processes > 1:
        start += ["torch.distributed.run", f"--nproc-per-node={processes}", "--standalone", "-m"]
    command = [*start, "pocketstyle", "train", str(config), "--out", str(out), *more]
    # a sum in bfloat16, where the processor has it, differs in its last place with the parts' order
    command += [
        f"--set=train.steps={STEPS}",
        "--set=train.batch=4",
        "--set=train.precision=float32",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("objective", ["unpaired", "paired"])
def test_two_processes_have_the_loss_curve_of_one(objective, toy_config, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for out, processes in ((one, 1), (two, 2)):
        done = trained(toy_config, out, processes, f"--set=train.objective={objective}")
        assert done.returncode == 0, done.stderr[-2000:]
    curves = [read_metrics(out / "metrics.jsonl") for out in (one, two)]
    assert [line["step"] for line in curves[1]] == list(range(STEPS))
    for a, b in zip(*curves, strict=True):
        assert b == pytest.approx(a, rel=2e-3)
    (a, _), (b, _) = (load(out / "model.safetensors") for out in (one, two))
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    assert (a(x) - b(x)).abs().max() < 5e-3
    assert (
        a(x) - fresh_generator(load_config(toy_config), torch.device("cpu"))(x)
    ).abs().max() > 0.02


def test_two_processes_go_on_where_they_stopped(toy_config, tmp_path):
    out = tmp_path / "run"
    assert trained(toy_config, out, 2).returncode == 0
    whole = read_metrics(out / "metrics.jsonl")
    again = trained(toy_config, out, 2)
    assert again.returncode and "pass --resume" in again.stderr
    (out / "model.safetensors").unlink()
    assert trained(toy_config, out, 2, "--resume").returncode == 0  # nothing left to do
    assert read_metrics(out / "metrics.jsonl") == whole


def test_a_batch_that_cannot_be_shared_is_refused(toy_config, tmp_path):
    done = trained(toy_config, tmp_path / "run", 2, "--set=train.accumulate=4")
    assert done.returncode
    assert "train.batch = 4 cannot be shared evenly by 2 processes" in done.stderr


@pytest.mark.parametrize("objective", ["unpaired", "paired"])
def test_parts_of_a_batch_have_the_gradients_of_the_whole(objective, toy_config):
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 4, 3, 32, 32, generator=rng) * 2 - 1
    found = []
    for parts in (1, 2):
        more = [f"train.objective={objective}", "train.batch=4", f"train.accumulate={parts}"]
        more += ["train.adversarial=0"] if objective == "paired" else []
        config = load_config(toy_config, more)
        torch.manual_seed(0)
        generator = fresh_generator(config, torch.device("cpu"))
        task = OBJECTIVES[objective](generator, config, torch.device("cpu"))
        learner = Learner(generator, task, config)
        if objective == "unpaired":  # whichever part the discriminators' step comes after
            task.to_target.optimizer.step = task.to_source.optimizer.step = lambda: None
        terms = learner.losses(x, y, 0)
        sum(terms.values()).backward()
        values = {name: float(term.detach()) for name, term in terms.items()}
        found.append((values, [p.grad for p in generator.parameters()]))
    (whole, gradients), (parts, others) = found
    assert parts == pytest.approx(whole, rel=1e-4)
    for a, b in zip(gradients, others, strict=True):
        assert (a - b).norm() < 3e-3 * a.norm()  # float32 sums in another order
