"""Every family of generators, pruned, as TFLite: the operators it announces, its own pictures."""

import pytest
from pocketstyle.converters import convert, verify
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    build,
    compact,
    cyclegan_spec,
    fast_style_spec,
    mobile_style_spec,
    photo2cartoon_spec,
    searchable,
    start_search,
    ugatit_deep_spec,
    ugatit_full_spec,
    ugatit_spec,
    unet_spec,
)
from pocketstyle.sdk.gpu_gate import GateResult, check_gpu

from ..networks.patterns import scrambled
from .conftest import CARD, SIZE, torch

SPECS = {
    "ugatit": ugatit_spec(SIZE, 8, 2),
    "ugatit-full": ugatit_full_spec(SIZE, 8, 2),
    "ugatit-deep": ugatit_deep_spec(SIZE, 8, 2),
    "cyclegan": cyclegan_spec(SIZE, 8, 3),
    "photo2cartoon": photo2cartoon_spec(SIZE, 16, 2),
    "fast-style": fast_style_spec(SIZE, 8, 2),
    "mobile-style": mobile_style_spec(SIZE, 12, 2),
    "unet": unet_spec(SIZE, 12, 2),
}


@pytest.fixture(scope="module", params=SPECS)
def pruned(request):
    """Odd widths, and a block less."""
    torch.manual_seed(0)
    network = scrambled(build(SPECS[request.param]))
    start_search(network, 0.1)
    widths, gates = searchable(network)
    with torch.no_grad():
        for i, width in enumerate(widths):
            width.v[: 1 + i % 3] = 0
        gates[0].alpha.copy_(gates[0].alpha.flip(0))
    small = compact(network).eval()
    assert len(small.spec.blocks) == len(network.spec.blocks) - 1
    return small


@pytest.fixture(scope="module")
def bundle(pruned, tmp_path_factory):
    path = tmp_path_factory.mktemp("families") / f"{pruned.spec.family}.tflite"
    convert(pruned, CARD, {"fp32": path}, predicted_ms={})
    return path


def test_it_is_the_network_it_came_from(pruned, bundle, monkeypatch):
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    found = verify(bundle, (pruned, CARD))
    assert found.operators_match is True
    assert found.macs == pytest.approx(total_macs(pruned.kernels()))
    assert found.transposes == 0 and found.max_abs < 1e-4
    assert ("TRANSPOSE_CONV" in found.operators) == (
        pruned.spec.family in ("cyclegan", "mobile-style", "unet")
    )


def test_the_gpu_runs_all_of_it(bundle):
    gate = check_gpu(bundle)
    if gate.resident is None:
        pytest.skip(gate.note)
    assert gate.resident, gate.note
