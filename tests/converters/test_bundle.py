import errno
import json

import pytest
from pocketstyle.converters import convert
from pocketstyle.errors import DataError, UsageError
from pocketstyle.sdk import read_info

from .conftest import CARD, SIZE


def arguments() -> dict:
    return {"predicted_ms": {}}


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_bundle_says_what_it_is(bundles, network, precision):
    info = read_info(bundles[precision].path)
    assert info == bundles[precision].info
    assert info.precision == precision
    assert info.spec == json.loads(network.spec.to_json())
    assert info.predicted_ms == {"s10": 1.5}
    assert info.metrics == {"ssim": 0.5, "fid": 80.0}
    assert (info.licence, info.attribution) == (CARD.licence, CARD.attribution)
    (signature,) = info.signatures
    (content,), (stylized,) = signature.inputs, signature.outputs
    assert (signature.name, content.name, stylized.name) == ("stylize", "content", "stylized")
    for tensor in (content, stylized):
        assert tensor.shape == (1, SIZE, SIZE, 3)
        assert (tensor.mean, tensor.std) == (CARD.mean, CARD.std)


def test_nothing_else_is_left_behind(bundles):
    folder = bundles["fp32"].path.parent
    assert sorted(path.name for path in folder.iterdir()) == ["fp16.tflite", "fp32.tflite"]


def test_an_existing_file_is_kept(network, tmp_path):
    out = tmp_path / "x.tflite"
    out.write_text("precious")
    with pytest.raises(UsageError, match=r"x\.tflite exists; pass --force to replace it"):
        convert(network, CARD, {"fp32": out}, **arguments())
    assert out.read_text() == "precious"


def test_force_replaces_it_whole(network, bundles, tmp_path, monkeypatch):
    tflite = bundles["fp32"].path.read_bytes()
    made = {"fp32": tflite}
    monkeypatch.setattr("pocketstyle.converters.bundle.to_tflite", lambda *_, **__: made)
    monkeypatch.setattr("pocketstyle.converters.bundle.append_info", lambda data, _: data)
    out = tmp_path / "new" / "x.tflite"
    convert(network, CARD, {"fp32": out}, **arguments())
    out.write_text("old")
    convert(network, CARD, {"fp32": out}, **arguments(), force=True)
    assert out.read_bytes()[4:8] == b"TFL3"
    assert [path.name for path in out.parent.iterdir()] == ["x.tflite"]


def test_a_place_that_cannot_be_written_is_found_before_the_work(network, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr("pocketstyle.converters.bundle.to_tflite", pytest.fail)
    with pytest.raises(DataError, match=r"cannot write .*x\.tflite"):
        convert(network, CARD, {"fp32": tmp_path / "file" / "x.tflite"}, **arguments())


def test_a_full_disk_leaves_nothing(network, bundles, tmp_path, monkeypatch):
    def full(_data, _info):
        raise OSError(errno.ENOSPC, "No space left on device")

    tflite = bundles["fp32"].path.read_bytes()
    made = {"fp32": tflite}
    monkeypatch.setattr("pocketstyle.converters.bundle.to_tflite", lambda *_, **__: made)
    monkeypatch.setattr("pocketstyle.converters.bundle.append_info", full)
    with pytest.raises(DataError, match="No space left"):
        convert(network, CARD, {"fp32": tmp_path / "x.tflite"}, **arguments())
    assert not list(tmp_path.iterdir())


def test_half_precision_halves_the_file(bundles):
    sizes = {name: bundle.path.stat().st_size for name, bundle in bundles.items()}
    assert 0.45 < sizes["fp16"] / sizes["fp32"] < 0.55
