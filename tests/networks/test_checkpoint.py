"""One file of weights: round trip, and what is refused."""

import json
from dataclasses import replace

import pytest
import torch
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.networks import (
    ModelCard,
    at_frame,
    build,
    load,
    save,
    ugatit_full_spec,
    ugatit_spec,
)
from pocketstyle.networks.spec import Spec
from safetensors.torch import save_file


@pytest.fixture
def network():
    return build(ugatit_spec(32, 4, 1)).eval()


def test_round_trip(tmp_path, network):
    path = tmp_path / "model.safetensors"
    card = ModelCard("test", provenance={"seed": 3}, metrics={"n": 2}, attribution=("a line",))
    save(path, network, card)
    loaded, read = load(path)
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(loaded(x), network(x))
    assert read == card
    assert loaded.spec == network.spec
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_half_precision_is_half_the_bytes(tmp_path, network):
    for half in (False, True):
        save(tmp_path / f"{half}", network, ModelCard("test"), half=half)
    small, large = ((tmp_path / name).stat().st_size for name in ("True", "False"))
    assert small < 0.65 * large
    loaded, _ = load(tmp_path / "True")
    assert next(loaded.parameters()).dtype == torch.float32


def test_a_pickle_is_refused_by_name(tmp_path, network):
    path = tmp_path / "old.pth"
    torch.save(network.state_dict(), path)
    with pytest.raises(FormatError, match="pickles are never loaded"):
        load(path)


def test_foreign_and_damaged_files_are_refused(tmp_path, network):
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    with pytest.raises(FormatError, match="another program"):
        load(foreign)
    whole = tmp_path / "whole.safetensors"
    save(whole, network, ModelCard("test"))
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:5000])
    with pytest.raises(FormatError, match="not a pocketstyle model"):
        load(cut)
    with pytest.raises(FormatError, match="no such model file"):
        load(tmp_path / "absent")


def test_newer_versions_and_unknown_families_are_named(tmp_path, network):
    path = tmp_path / "new.safetensors"
    header = {"format": "pocketstyle-model", "version": "9"}
    save_file(network.state_dict(), path, metadata=header)
    with pytest.raises(FormatError, match="version 9"):
        load(path)
    text = json.loads(network.spec.to_json()) | {"family": "nonesuch"}
    with pytest.raises(FormatError, match="nonesuch"):
        Spec.from_json(json.dumps(text))


def test_spec_json_round_trip(network):
    assert Spec.from_json(network.spec.to_json()) == network.spec
    wide = replace(network.spec, height=24, width=40)
    assert Spec.from_json(wide.to_json()).frame == (24, 40)


def test_an_older_spec_is_a_square(network):
    fields = json.loads(network.spec.to_json())
    del fields["height"], fields["width"]
    assert Spec.from_json(json.dumps(fields | {"size": 32})) == network.spec
    for wrong in ({}, {"size": 0}, {"size": "32"}, {"size": 32, "height": 32, "width": 32}):
        with pytest.raises(FormatError, match="not a network spec"):
            Spec.from_json(json.dumps(fields | wrong))


def test_a_network_at_another_frame_has_the_same_weights(tmp_path, network):
    wide = at_frame(network, (24, 40))
    x = torch.rand(1, 3, 24, 40)
    assert wide.spec.frame == (24, 40) and torch.equal(wide(x), network(x))
    assert at_frame(network, (32, 32)) is network
    full = build(ugatit_full_spec(32, 4, 1))
    with pytest.raises(UsageError, match="fit 32x32 alone"):
        at_frame(full, (64, 64))
    path = tmp_path / "wide.safetensors"
    save(path, wide, ModelCard("wide"))
    assert load(path)[0].spec.frame == (24, 40)
    wide.spec = replace(wide.spec, width=41)
    save(path, wide, ModelCard("odd"))
    with pytest.raises(FormatError, match="the nearest is 24x40"):
        load(path)
