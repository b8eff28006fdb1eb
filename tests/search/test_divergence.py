"""A run that diverges goes back once, at half the rates; the second time it stops with advice."""

import math

import pytest
import torch
from pocketstyle.errors import TrainingDiverged
from pocketstyle.networks import load
from pocketstyle.search import divergence, search, train
from pocketstyle.search.config import load_config
from pocketstyle.search.divergence import BEYOND, FIRST, FOR_STEPS, LossWatch, PictureWatch
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.objectives import Paired
from pocketstyle.search.state_file import load_state


def quiet(_stage, _done, _total):
    """No progress."""


def poison(monkeypatch, step, times):
    """Paired losses that are NaN the first so many times that this step is done."""
    losses, seen = Paired.losses, []

    def poisoned(self, x, y, number):
        if number == step:
            seen.append(number)
            x = x * math.nan if len(seen) <= times else x
        return losses(self, x, y, number)

    monkeypatch.setattr(Paired, "losses", poisoned)
    return seen


RECIPES = {"train": (train, 9, 8), "search": (search, 6, 4), "fine-tune": (search, 21, 20)}


@pytest.mark.parametrize("kind", RECIPES)
def test_the_first_divergence_is_taken_back(kind, toy_config, tmp_path, monkeypatch, capsys):
    recipe, step, kept = RECIPES[kind]
    config = load_config(toy_config, ["train.objective=paired"])
    seen = poison(monkeypatch, step, 1)
    model = recipe(config, tmp_path / "run", resume=False, report=quiet)
    assert len(seen) == 2
    told = capsys.readouterr().err
    assert f"nan at step {step}" in told and f"once more from step {kept} at 0.5" in told
    lines = [line["step"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl")]
    assert lines == sorted(set(lines))  # no step is logged twice
    assert load_state(tmp_path / "run" / "checkpoint.safetensors")["slower"] == 0.5
    assert all(value.isfinite().all() for value in load(model)[0].state_dict().values())


@pytest.mark.parametrize("kind", RECIPES)
def test_the_second_time_it_stops_with_its_last_good_state(kind, toy_config, tmp_path, monkeypatch):
    recipe, step, kept = RECIPES[kind]
    config = load_config(toy_config, ["train.objective=paired"])
    seen = poison(monkeypatch, step, 2)
    with pytest.raises(TrainingDiverged, match=rf"nan at step {step}; .*last good .*lower"):
        recipe(config, tmp_path / "run", resume=False, report=quiet)
    assert len(seen) == 2
    state = load_state(tmp_path / "run" / "checkpoint.safetensors")
    assert state["step"] == kept
    assert all(torch.isfinite(value).all() for value in state["generator"].values())


def test_without_a_checkpoint_there_is_no_way_back(toy_config, tmp_path, monkeypatch):
    seen = poison(monkeypatch, 2, 1)
    config = load_config(toy_config, ["train.objective=paired"])
    with pytest.raises(TrainingDiverged, match="no checkpoint had been written"):
        train(config, tmp_path / "run", resume=False, report=quiet)
    assert len(seen) == 1


def test_a_loss_that_stays_far_beyond_its_beginning_is_noticed():
    watch = LossWatch()
    for step in range(FIRST):
        watch.see(2.0, step)
    for step in range(FOR_STEPS - 1):
        watch.see(2.1 * BEYOND, step)
    watch.see(2.0, 0)  # a swing that comes back is none
    for step in range(FOR_STEPS - 1):
        watch.see(2.1 * BEYOND, step)
    with pytest.raises(TrainingDiverged, match="above 20, 10 times"):
        watch.see(2.1 * BEYOND, 7)


def test_a_runaway_is_not_what_is_kept(toy_config, tmp_path, monkeypatch, capsys):
    """Its finite weights are checkpointed no more: the way back leads to before it."""
    monkeypatch.setattr(divergence, "FIRST", 4)
    monkeypatch.setattr(divergence, "FOR_STEPS", 3)
    losses = Paired.losses

    def runaway(self, x, y, number):
        far = 1000.0 if number >= 6 else 1.0
        return {name: far * term for name, term in losses(self, x, y, number).items()}

    monkeypatch.setattr(Paired, "losses", runaway)
    changes = ["train.objective=paired", "train.checkpoint_every=1"]
    with pytest.raises(TrainingDiverged, match=r"10 times what it began with.* lower the learning"):
        train(load_config(toy_config, changes), tmp_path / "run", resume=False, report=quiet)
    assert "once more from step 6 at 0.5" in capsys.readouterr().err
    assert load_state(tmp_path / "run" / "checkpoint.safetensors")["step"] == 6


def test_pictures_that_stay_of_one_colour_are_noticed():
    watch = PictureWatch()
    for step in range(FOR_STEPS - 1):
        watch.see(0.001, step)
    assert not watch.calm
    watch.see(0.5, 0)
    assert watch.calm
    for step in range(FOR_STEPS - 1):
        watch.see(0.001, step)
    with pytest.raises(TrainingDiverged, match=r"one colour .* lower the learning rate"):
        watch.see(0.001, 7)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_collapsed_generator_is_taken_back(kind, toy_config, tmp_path, monkeypatch, capsys):
    recipe, step, _ = RECIPES[kind]
    monkeypatch.setattr(divergence, "FOR_STEPS", 2)
    losses, seen = Paired.losses, []

    def collapsed(self, x, y, number):
        terms = losses(self, x, y, number)
        if number in (step, step + 1) and len(seen) < 2:
            seen.append(number)
            self.made = torch.zeros_like(self.made)
        return terms

    monkeypatch.setattr(Paired, "losses", collapsed)
    config = load_config(toy_config, ["train.objective=paired"])
    recipe(config, tmp_path / "run", resume=False, report=quiet)
    assert "one colour" in capsys.readouterr().err
    assert load_state(tmp_path / "run" / "checkpoint.safetensors")["slower"] == 0.5
