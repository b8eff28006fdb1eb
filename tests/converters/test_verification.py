import json
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters import convert, verify
from pocketstyle.converters.fidelity import Fidelity
from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.converters.verification import LIMITS
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.networks import at_frame, build, ugatit_full_spec
from pocketstyle.sdk import read_info
from pocketstyle.sdk.gpu_gate import GateResult
from skimage.metrics import peak_signal_noise_ratio

from .conftest import CARD, SIZE, make_network, torch


@pytest.fixture(autouse=True)
def gate(monkeypatch):
    """The gate has its own tests."""
    result = GateResult(True, "stub", 1e-6)
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: result)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("kind", ["noise", "photos"])
def test_a_bundle_does_what_its_network_does(bundles, network, precision, kind, request):
    pictures = request.getfixturevalue("photos") if kind == "photos" else None
    found = verify(bundles[precision].path, (network, CARD), pictures)
    assert found.limit == LIMITS[precision] == {"fp32": 1e-3, "fp16": 2e-2}[precision]
    assert 0 < found.parity.mean_abs <= found.max_abs <= found.limit
    assert found.operators_match is True
    assert found.transposes == 0 and "TRANSPOSE" not in found.operators
    assert sum(found.operators.values()) == len(list(network.kernels()))
    assert found.problems == ()
    assert json.loads(found.to_json())["bytes"] == bundles[precision].path.stat().st_size


def test_the_numbers_are_what_they_are_called(bundles, network, photos):
    found = verify(bundles["fp16"].path, (network, CARD), photos)
    run = Interpreter(str(bundles["fp16"].path)).get_signature_runner("stylize")
    content = ((photos - np.float32(CARD.mean)) / np.float32(CARD.std)).astype(np.float32)
    ours = np.concatenate([run(content=picture[None])["stylized"] for picture in content])
    with torch.no_grad():
        theirs = network(torch.from_numpy(content).permute(0, 3, 1, 2))
    theirs = theirs.permute(0, 2, 3, 1).numpy()
    ours, theirs = (CARD.std / 127.5 * values for values in (ours, theirs))  # pixels as -1..1
    assert found.pictures == len(photos)
    assert found.max_abs == pytest.approx(np.abs(ours - theirs).max(), rel=0.02)
    assert found.parity.mean_abs == pytest.approx(np.abs(ours - theirs).mean(), rel=0.02)
    psnr = peak_signal_noise_ratio(theirs, ours, data_range=2)
    assert found.parity.psnr_db == pytest.approx(psnr, abs=0.1)
    assert found.host_ms > 0 and found.host_threads == 1


def test_another_network_is_found_out(bundles):
    found = verify(bundles["fp32"].path, (make_network(seed=1, blocks=2), CARD))
    assert found.max_abs > 0.1 and found.operators_match is False
    assert [problem.split()[0] for problem in found.problems] == ["differs", "its"]


def test_without_a_network_there_is_no_parity(bundles):
    found = verify(bundles["fp32"].path)
    assert (found.max_abs, found.parity, found.operators_match) == (None, None, None)
    assert found.operators["CONV_2D"] == 15
    assert found.problems == ()


def test_problems_name_what_is_wrong(bundles):
    found = verify(bundles["fp32"].path)
    assert replace(found, gpu_resident=None).problems == ()
    of_choices = Fidelity(max_abs=0.5, mean_abs=0.004, p95_abs=0.01, psnr_db=40, ssim=1)
    chosen = replace(found, limit=0.02, parity=of_choices, chooses=True)
    assert chosen.problems == ()
    assert len(replace(chosen, chooses=False).problems) == 1
    for worse in ({"mean_abs": 0.006}, {"p95_abs": 0.03}):
        assert len(replace(chosen, parity=replace(of_choices, **worse)).problems) == 1
    broken = replace(found, transposes=2, gpu_resident=False, gpu_note="crash")
    assert len(broken.problems) == 2
    assert "2 TRANSPOSE operators" in broken.problems
    assert "not on the GPU: crash" in broken.problems


def test_pictures_and_network_must_fit(bundles, network, tmp_path):
    path = bundles["fp32"].path
    with pytest.raises(UsageError, match="pictures of shape"):
        verify(path, (network, CARD), np.zeros((1, SIZE, SIZE + 1, 3), np.uint8))
    full = build(ugatit_full_spec(2 * SIZE, 4, 1)).eval()
    with pytest.raises(UsageError, match="weights fit 64x64 alone"):
        verify(path, (full, CARD))
    assert verify(path, (at_frame(network, (24, 40)), CARD)).problems == ()
    (tmp_path / "plain.tflite").write_bytes(path.read_bytes()[:64])
    with pytest.raises(FormatError):
        verify(tmp_path / "plain.tflite")


def test_a_quantised_bundle_of_another_network_is_found_out(network, tmp_path, photos):
    path = tmp_path / "x.tflite"
    options = {"predicted_ms": {}, "pictures": photos, "allow_lossy": True}
    convert(network, CARD, {"int8-weights": path}, **options)
    told = read_info(path).metrics
    found = verify(path, (network, CARD), photos)
    assert found.parity.psnr_db == pytest.approx(told["psnr_db_to_fp32"], abs=0.5)
    other = verify(path, (make_network(seed=7), CARD), photos)
    assert any("PSNR to the network" in problem for problem in other.problems)
    assert other.parity.psnr_db < found.parity.psnr_db - 5


def test_damaged_files_are_one_line(bundles):
    data, told = bundles["fp32"].path.read_bytes(), []
    for seed in range(8):
        broken = bytearray(data)
        rng = np.random.default_rng(seed)
        start = int(rng.integers(8, 400))
        broken[start : start + 40] = rng.bytes(40)
        try:
            read_model(bytes(broken))
        except FormatError as error:
            told.append(str(error))
    assert told and all("damaged" in one and "\n" not in one for one in told)
