"""The old routes, in environments of their own, and the runtimes of phones that never update."""

from pathlib import Path

import numpy as np
import pytest
from pocketstyle.converters import convert, verify
from pocketstyle.converters.environment import RouteEnvironment
from pocketstyle.errors import UsageError
from pocketstyle.sdk.gpu_gate import GateResult
from pocketstyle.sdk.interpreter import RUNTIMES

from .conftest import CARD

PLAYER = Path(__file__).with_name("play_child.py")
ENVIRONMENTS = dict(zip(("tflite-runtime", "onnx-tf"), RUNTIMES[1:], strict=True))


@pytest.mark.parametrize("route", ["onnx2tf", "onnx-tf"])
def test_each_route_gives_the_same_pictures(route, network, photos, tmp_path, monkeypatch):
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    path, saved = tmp_path / "x.tflite", tmp_path / "saved_model"
    more = {"predicted_ms": {}, "route": route, "saved_model": saved}
    convert(network, CARD, {"fp32": path}, **more)
    found = verify(path, (network, CARD), photos)
    assert found.max_abs < 1e-4
    assert found.transposes > 0 and found.operators_match is False
    assert (saved / "saved_model.pb").is_file()
    with pytest.raises(UsageError, match="saved_model exists"):
        convert(network, CARD, {"fp32": tmp_path / "y.tflite"}, **more)


def test_litert_makes_no_saved_model(network, tmp_path):
    with pytest.raises(UsageError, match="SavedModel"):
        convert(
            network,
            CARD,
            {"fp32": tmp_path / "x.tflite"},
            predicted_ms={},
            saved_model=tmp_path / "s",
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_old_runtimes_play_the_bundles_alike(environment, bundles, photos, tmp_path):
    """tflite-runtime 2.14.0 and TensorFlow 2.15's, of 2023, against this environment's."""
    content = ((photos - CARD.mean) / CARD.std).astype(np.float32)
    np.save(tmp_path / "content.npy", content)
    old = RouteEnvironment(environment)
    for precision in ("fp32", "fp16"):
        path = bundles[precision].path.resolve()
        old.call(PLAYER, ENVIRONMENTS[environment], path, "content.npy", "old.npy", within=tmp_path)
        now = played_here(path, content)
        assert np.abs(np.load(tmp_path / "old.npy") - now).max() < 1e-4


def played_here(path, content):
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(path)).get_signature_runner("stylize")
    return np.concatenate([run(content=picture[None])["stylized"] for picture in content])
