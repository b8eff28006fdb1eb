"""Style transforms in graphs: what runs on a phone's GPU, and computes the same there."""

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters.delegate_rules import refusals
from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.networks.transfers import AdaIn, NewtonSchulzWct
from pocketstyle.quiet import quiet
from pocketstyle.sdk.gpu_gate import check_gpu

litert_torch = pytest.importorskip("litert_torch")


class Transferred(torch.nn.Module):
    """Content and style in, content in the style's manner out."""

    def __init__(self, transfer):
        super().__init__()
        self.transfer = transfer

    def forward(self, content, style):
        return self.transfer(content, *self.transfer.statistics(style))


@pytest.mark.parametrize("transfer", [AdaIn(), NewtonSchulzWct()], ids=["adain", "wct"])
def test_it_is_the_same_on_the_gpu(transfer, tmp_path):
    rng = torch.Generator().manual_seed(0)
    content, style = (torch.rand(1, 16, side, side, generator=rng) for side in (20, 12))
    function, path = Transferred(transfer).eval(), tmp_path / "transfer.tflite"
    with quiet():
        litert_torch.convert(function, (content, style)).export(str(path))
    run = Interpreter(str(path)).get_signature_runner()
    made = next(iter(run(args_0=content.numpy(), args_1=style.numpy()).values()))
    np.testing.assert_allclose(made, function(content, style).numpy(), atol=1e-4)
    gate = check_gpu(path)
    assert gate.resident is not False, gate.note
    assert refusals(read_model(path.read_bytes())) == {}
