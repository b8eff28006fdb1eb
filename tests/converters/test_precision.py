"""Quantised files: a quarter of the size, nearly the same pictures, and a refusal where not."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters import convert, to_tflite, verify
from pocketstyle.converters.bundle import LEAST_PSNR
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.sdk import Stylizer, read_info
from pocketstyle.sdk.gpu_gate import GateResult
from skimage.metrics import peak_signal_noise_ratio

from .conftest import CARD

PRECISIONS = ("fp32", "int8-weights", "int8-dynamic", "int8")


@pytest.fixture(scope="module")
def files(network, photos):
    content = ((photos - CARD.mean) / CARD.std).astype(np.float32)
    return content, to_tflite(network, PRECISIONS, calibration={"stylize": content})


@pytest.mark.parametrize("precision", PRECISIONS[1:])
def test_a_quarter_of_the_size_and_nearly_the_pictures(precision, files):
    content, made = files
    assert len(made[precision]) < 0.36 * len(made["fp32"])  # of a network this small
    pictures = {}
    for name in ("fp32", precision):
        run = Interpreter(model_content=made[name]).get_signature_runner("stylize")
        pictures[name] = np.concatenate([run(content=x[None])["stylized"] for x in content])
        assert pictures[name].dtype == np.float32
    psnr = peak_signal_noise_ratio(pictures["fp32"], pictures[precision], data_range=2)
    assert psnr > 25  # random weights; shipped ones are in docs/converters.md
    assert psnr < 90


def test_bundles_of_bytes_give_the_pixels_of_the_float_one(
    network, bundles, photos, tmp_path, monkeypatch
):
    path = tmp_path / "bytes.tflite"
    convert(network, CARD, {"fp32": path}, predicted_ms={}, byte_pictures=True)
    content = read_info(path).signatures[0].inputs[0]
    assert (content.dtype, content.mean, content.std) == ("uint8", 0.0, 1.0)
    with Stylizer.load(path) as ours, Stylizer.load(bundles["fp32"].path) as floats:
        for photo in photos:
            difference = ours.apply(photo).astype(int) - floats.apply(photo)
            assert np.abs(difference).max() <= 1 and np.abs(difference).mean() < 0.01
    gate = GateResult(None, "has its own test")
    monkeypatch.setattr("pocketstyle.converters.verification.check_gpu", lambda _: gate)
    found = verify(path, (network, CARD), photos)
    assert found.problems == () and found.operators_match is True
    assert found.parity.mean_abs < 1 / CARD.std  # a pixel's rounding


def test_what_loses_too_much_is_refused(network, photos, tmp_path, monkeypatch):
    monkeypatch.setitem(LEAST_PSNR, "int8", 120.0)
    path = tmp_path / "x.tflite"
    more = {"predicted_ms": {}, "pictures": photos}
    with pytest.raises(PocketstyleError, match=r"int8 is too lossy.*dB.*--allow-lossy"):
        convert(network, CARD, {"int8": path}, **more)
    assert not list(tmp_path.iterdir())
    convert(network, CARD, {"int8": path}, **more, allow_lossy=True)
    assert read_info(path).precision == "int8"


def test_calibration_has_to_be_there_and_to_fit(network, photos, tmp_path):
    with pytest.raises(UsageError, match="calibrat"):
        to_tflite(network, ["int8"])
    with pytest.raises(UsageError, match="pictures of shape"):
        convert(network, CARD, {"int8": tmp_path / "x"}, predicted_ms={}, pictures=photos[:, 1:])
