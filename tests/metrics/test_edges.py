"""TEED from its published weights."""

import os
from pathlib import Path

import pytest
import torch
from pocketstyle.errors import FormatError
from pocketstyle.metrics import edges, load_teed
from safetensors.torch import save_file

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared") / "weights/teed/teed_5_model.pth"


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    if not WEIGHTS.is_file():
        pytest.skip(f"no TEED weights at {WEIGHTS}")
    stored = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    path = tmp_path_factory.mktemp("teed") / "teed.safetensors"
    save_file({name: value.contiguous() for name, value in stored.items()}, path)
    return load_teed(path)


def test_it_has_the_published_number_of_parameters(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 58_910


def test_edges_are_where_a_square_ends(network):
    picture = torch.full((1, 3, 120, 150), -0.5)  # no multiple of 16
    picture[:, :, 40:80, 40:100] = 0.5
    found = edges(picture, network)
    assert found.shape == (1, 1, 120, 150)
    assert found.min() == 0 and found.max() == 1
    borders = [found[0, 0, 38:43, 50:90], found[0, 0, 78:83, 50:90], found[0, 0, 50:70, 38:43]]
    assert all(border.amax() > 0.8 for border in borders)
    assert found[0, 0, 55:65, 60:80].max() < 0.1 and found[0, 0, 5:25, 5:-5].max() < 0.1


def test_other_weights_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    (tmp_path / "text.safetensors").write_text("no tensors")
    for name in ("x", "text", "missing"):
        with pytest.raises(FormatError, match="no weights of TEED"):
            load_teed(tmp_path / f"{name}.safetensors")
