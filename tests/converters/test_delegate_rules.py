"""The older delegate's word, by its rules."""

import pytest
from pocketstyle.converters.delegate_rules import refusals
from pocketstyle.converters.flatbuffer import read_model

from .conftest import export, torch
from .test_gpu_gate import Shuffle


class FromBytes(torch.nn.Module):
    """A cast from bytes: WebGPU takes it, this delegate does not."""

    def forward(self, x):
        return x.to(torch.uint8).to(torch.float32)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_it_takes_our_networks(bundles, precision):
    assert refusals(read_model(bundles[precision].path.read_bytes())) == {}


@pytest.mark.parametrize(
    ("module", "words"),
    [(Shuffle(), "RESHAPE: tensors of more than four axes"), (FromBytes(), "CAST: only between")],
    ids=["five axes", "bytes"],
)
def test_it_names_what_it_leaves_to_the_cpu(module, words, tmp_path):
    path = export(tmp_path / "graph.tflite", module, (1, 8, 8, 4))
    found = refusals(read_model(path.read_bytes()))
    assert any(line.startswith(words) for line in found), found
