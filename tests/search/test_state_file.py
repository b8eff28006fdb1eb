"""Checkpoints: whole or not at all."""

import errno

import pytest
import torch
from pocketstyle.errors import FormatError, PocketstyleError
from pocketstyle.networks import checkpoint
from pocketstyle.search.state_file import load_state, save_state
from safetensors import SafetensorError


def test_nested_state_round_trips(tmp_path):
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = {"step": 5, "optimizer": optimizer.state_dict(), "pool": [torch.ones(2)], "x": None}
    save_state(tmp_path / "s", state)
    loaded = load_state(tmp_path / "s")
    assert loaded["step"] == 5 and loaded["x"] is None
    assert torch.equal(loaded["pool"][0], torch.ones(2))
    other = torch.optim.Adam(torch.nn.Linear(3, 2).parameters())
    other.load_state_dict(loaded["optimizer"])
    assert torch.equal(
        other.state_dict()["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"]
    )


FULL = "No space left on device"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, FULL), SafetensorError(FULL)])
def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch, error):
    path = tmp_path / "s"
    save_state(path, {"step": 1})

    def full(_tensors, part, **_kwargs):
        part.write_bytes(b"half")
        raise error

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(PocketstyleError, match=r"cannot write .*No space left"):
        save_state(path, {"step": 2})
    assert load_state(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "s"
    path.write_bytes(b"anything at all")
    with pytest.raises(FormatError, match="not a pocketstyle checkpoint"):
        load_state(path)
