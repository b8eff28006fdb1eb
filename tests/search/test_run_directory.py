"""A run's directory: what a resumed run may change, and what never becomes a checkpoint."""

import errno
import math
from pathlib import Path

import pytest
import torch
from pocketstyle.errors import DataError, PocketstyleError, TrainingDiverged, UsageError
from pocketstyle.search import search
from pocketstyle.search.config import load_config
from pocketstyle.search.run_directory import RunDirectory
from pocketstyle.search.state_file import load_state


def test_a_resumed_run_may_change_its_rates_only(toy_config, tmp_path):
    RunDirectory(tmp_path, load_config(toy_config)).restore()
    slower = ["train.learning_rate=1e-5", "search.learning_rate=1e-5", "search.mask_rate=1e-4"]
    RunDirectory(tmp_path, load_config(toy_config, slower), resume=True)
    with pytest.raises(UsageError, match=r"train.steps was \d+, not 31"):
        RunDirectory(tmp_path, load_config(toy_config, ["train.steps=31"]), resume=True)
    (tmp_path / "model.safetensors").touch()  # finished: the rates are those that it was made with
    with pytest.raises(UsageError, match=r"train.learning_rate was .*, not"):
        RunDirectory(tmp_path, load_config(toy_config, slower), resume=True)


def test_a_run_older_than_a_key_had_its_default(toy_config, tmp_path):
    RunDirectory(tmp_path, load_config(toy_config)).restore()
    file = tmp_path / "config.toml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith("turn")))
    RunDirectory(tmp_path, load_config(toy_config), resume=True)
    with pytest.raises(UsageError, match=r"turn was 0\.0, not 3\.0"):
        RunDirectory(tmp_path, load_config(toy_config, ["data.turn=3"]), resume=True)


def test_weights_that_are_not_finite_do_not_replace_the_checkpoint(toy_config, tmp_path):
    run = RunDirectory(tmp_path, load_config(toy_config))
    good, bad = torch.ones(2), torch.tensor([1.0, math.nan])
    with pytest.raises(TrainingDiverged, match="no checkpoint had been written"):
        run.checkpoint({"step": 1, "generator": {"w": bad}})
    run.checkpoint({"step": 4, "generator": {"w": good}})
    for part in ("generator", "objective"):  # an adversary can be what breaks
        state = {"step": 8, "generator": {"w": good}} | {part: {"nets": [{"w": bad}]}}
        with pytest.raises(TrainingDiverged, match=rf"{part}.nets.0.w is not finite .* 7; .*last"):
            run.checkpoint(state)
    assert load_state(run.checkpoint_path)["step"] == 4


def test_a_full_disk_keeps_the_last_checkpoint_and_says_so(toy_config, tmp_path, monkeypatch):
    def full(_tensors, part, **_kwargs):
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    run = RunDirectory(tmp_path, load_config(toy_config))
    run.checkpoint({"step": 4, "generator": {}})
    monkeypatch.setattr("pocketstyle.networks.checkpoint.save_file", full)
    with pytest.raises(PocketstyleError, match=r"No space left.*holds the last good state"):
        run.checkpoint({"step": 8, "generator": {}})
    assert load_state(run.checkpoint_path)["step"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.safetensors"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_while_logging_says_what_is_kept(toy_config, tmp_path):
    run = RunDirectory(tmp_path, load_config(toy_config))
    run.restore()
    run.metrics_path.symlink_to("/dev/full")
    with pytest.raises(PocketstyleError, match=r"No space left.*no checkpoint had been written"):
        run.log(0, {"loss": 1.0})


def test_tensorboard_reads_the_events(toy_config, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = RunDirectory(tmp_path, load_config(toy_config))
    run.restore()
    run.log(0, {"loss": 2.0})
    run.log(5, {"loss": 1.5})
    events = EventAccumulator(str(tmp_path / "events")).Reload().Scalars("loss")
    assert [(event.step, event.value) for event in events] == [(0, 2.0), (5, 1.5)]


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_of_other_things_is_left_alone(toy_config, tmp_path, resume):
    (tmp_path / "model.safetensors").write_text("mine")
    with pytest.raises(UsageError, match="not a run's"):
        RunDirectory(tmp_path, load_config(toy_config), resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_wrong_folder_leaves_no_run_behind(toy_config, tmp_path):
    config = load_config(toy_config, ["data.source=nowhere"])
    with pytest.raises(DataError):
        search(config, tmp_path / "run", resume=False, report=lambda *_: None)
    assert not (tmp_path / "run").exists()
