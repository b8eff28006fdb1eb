"""The largest value inside a graph, by name, against float16's end."""

import pytest
from pocketstyle.converters import convert, verify
from pocketstyle.networks.layers import Conv2d
from pocketstyle.sdk.gpu_gate import GateResult

from .conftest import CARD, make_network, torch


def test_the_worst_layer_is_named(bundles, tmp_path, photos, monkeypatch):
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    fine = verify(bundles["fp32"].path, pictures=photos).worst_range
    assert 0 < fine.share < 1 and fine.max_abs == pytest.approx(65504 * fine.share)

    loud, path = make_network(), tmp_path / "loud.tflite"
    assert isinstance(loud.stem.conv, Conv2d)
    with torch.no_grad():
        loud.stem.conv.weight.mul_(1e6)  # which the norm behind it takes off again
    convert(loud, CARD, {"fp32": path}, predicted_ms={})
    found = verify(path, pictures=photos)
    assert found.worst_range.tensor.startswith("stem") and found.worst_range.share > 1
    (problem,) = found.problems
    assert problem.startswith("stem") and problem.endswith("too large for float16")
