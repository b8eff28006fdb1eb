"""Decoders of photorealistic networks: trained by reconstruction, on an encoder that stays."""

import pytest
import torch
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.networks import load, write_tensors
from pocketstyle.networks.photo import PHOTONAS
from pocketstyle.search import train
from pocketstyle.search.config import load_config
from pocketstyle.search.metrics_file import read_metrics


def quiet(_stage, _done, _total):
    """No progress."""


@pytest.fixture
def config(toy_folder, encoder, tmp_path):
    path = tmp_path / "photo.toml"
    path.write_text(f"""
[data]
source = "{toy_folder}/photo"
size = 32
[network]
family = "photo"
encoder = "{encoder}"
genotype = "{PHOTONAS}"
[train]
objective = "reconstruct"
optimizer = "muon"
learning_rate = 5e-3
steps = 60
batch = 2
log_every = 1
""")
    return path


def test_the_decoder_learns_and_the_encoder_stays(config, encoder, tmp_path):
    model = train(load_config(config), tmp_path / "run", resume=False, report=quiet)
    losses = [line["loss"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl")]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    network, card = load(model)
    assert network.genotype == PHOTONAS
    assert card.provenance["config"]["network"]["encoder"] == encoder.name  # by its last name only
    fresh = train(
        load_config(config, ["train.steps=1"]), tmp_path / "fresh", resume=False, report=quiet
    )
    for name, value in load(fresh)[0].encoder.state_dict().items():
        torch.testing.assert_close(network.encoder.state_dict()[name], value, rtol=0, atol=0)
    assert not (tmp_path / "run" / "companions.safetensors").exists()


def test_mistakes(config, tmp_path):
    for change, error, words in (
        (["train.objective=paired"], UsageError, "trained with"),
        (["network.genotype=101"], UsageError, "31 digits"),
        ([f"network.encoder={tmp_path}/none.safetensors"], FormatError, "no such file"),
        ([f"network.encoder={config}"], FormatError, "not safetensors"),
    ):
        with pytest.raises(error, match=words):
            train(load_config(config, change), tmp_path / "run", resume=False, report=quiet)
    write_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(1)}, {})
    other = load_config(config, [f"network.encoder={tmp_path}/other.safetensors"])
    with pytest.raises(FormatError, match="no weights of a VGG-19"):
        train(other, tmp_path / "run", resume=False, report=quiet)
    assert not (tmp_path / "run").exists()
    text = config.read_text()
    config.write_text("\n".join(line for line in text.splitlines() if "encoder" not in line))
    with pytest.raises(UsageError, match=r"network.encoder is missing"):
        load_config(config)
