"""ArtNet on every trunk as TFLite: the swap as convolutions, nothing transposed, all on the GPU."""

import pytest
from pocketstyle.converters import convert, verify
from pocketstyle.networks import art_spec, build
from pocketstyle.networks.art import TRUNKS
from pocketstyle.sdk.gpu_gate import GateResult, check_gpu

from ..networks.patterns import lively
from .conftest import CARD, torch

SIDE = 64
CASES = [*((trunk, "sandwich-swap") for trunk in TRUNKS), ("mobilenet", "adain")]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def network(request):
    trunk, transfer = request.param
    torch.manual_seed(0)
    return lively(build(art_spec(trunk, 3, SIDE, transfer=transfer, stages=(4, 8, 12)))).eval()


@pytest.fixture(scope="module")
def bundle(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("art") / "art.tflite"
    convert(network, CARD, {"fp32": path}, predicted_ms={})
    return path


def test_it_is_the_network_it_came_from(network, bundle, monkeypatch):
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    found = verify(bundle, (network, CARD))
    assert found.operators_match is True
    assert found.transposes == 0 and found.max_abs < 1e-3
    assert not found.delegate_refuses


def test_a_bundle_of_another_side_than_the_weights(tmp_path, monkeypatch):
    """Style networks take pictures of any sides."""
    made = lively(build(art_spec("vgg", 3, SIDE, stages=(4, 8, 12)))).eval()
    convert(made, CARD, {"fp32": tmp_path / "art.tflite"}, predicted_ms={})
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    stored = build(art_spec("vgg", 3, 2 * SIDE, stages=(4, 8, 12)))
    stored.load_state_dict(made.state_dict())
    found = verify(tmp_path / "art.tflite", (stored.eval(), CARD))
    assert found.operators_match is True and found.max_abs < 1e-3


def test_the_gpu_runs_all_of_it(bundle):
    gate = check_gpu(bundle)
    if gate.resident is None:
        pytest.skip(gate.note)
    assert gate.resident, gate.note
