"""ONNX files, played by onnxruntime."""

import numpy as np
import onnxruntime
import pytest
from pocketstyle.converters import to_onnx
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.networks import build, cyclegan_spec, ugatit_full_spec

from .conftest import SIZE, torch


def played(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"content": x.numpy()})[0]


def wanted(network, x):
    with torch.no_grad():
        return network(x).numpy()


def test_any_batch(network, tmp_path):
    assert to_onnx(network, tmp_path / "x.onnx", ("batch",)) < 1e-4
    x = torch.rand(3, 3, SIZE, SIZE) * 2 - 1
    assert np.abs(played(tmp_path / "x.onnx", x) - wanted(network, x)).max() < 1e-4


def test_any_size_where_the_network_allows_it(tmp_path):
    network = build(cyclegan_spec(SIZE, 8, 1)).eval()
    assert to_onnx(network, tmp_path / "x.onnx", ("size",)) < 1e-4
    x = torch.rand(1, 3, 48, 64) * 2 - 1
    assert np.abs(played(tmp_path / "x.onnx", x) - wanted(network, x)).max() < 1e-4
    with pytest.raises(PocketstyleError):  # its dense layer reads a whole map
        to_onnx(build(ugatit_full_spec(SIZE, 8, 1)).eval(), tmp_path / "full.onnx", ("size",))
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]


def test_unknown_axes_are_refused(network, tmp_path):
    with pytest.raises(UsageError, match=r"'depth'.*batch, size"):
        to_onnx(network, tmp_path / "x.onnx", ("depth",))
    assert not list(tmp_path.iterdir())
