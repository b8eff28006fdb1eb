"""Several sizes in one file: signatures that share the weights."""

import numpy as np
import pytest
import torch
from pocketstyle.converters import convert, read_metadata, to_tflite, verify
from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.errors import UsageError
from pocketstyle.networks import build, ugatit_spec
from pocketstyle.sdk import Stylizer, read_info

from .conftest import CARD, SIZE

LARGE = 2 * SIZE


@pytest.fixture(scope="module")
def bundle(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "two.tflite"
    convert(network, CARD, {"fp16": path}, predicted_ms={}, sizes=(LARGE,))
    return path


@pytest.mark.parametrize("size", [SIZE, LARGE])
def test_each_signature_gives_the_networks_pictures(bundle, network, size):
    rgb = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
    with Stylizer.load(bundle, size=size) as stylizer:
        assert stylizer.size == size
        made = stylizer.apply(rgb)
    x = torch.from_numpy((rgb.astype(np.float32) - CARD.mean) / CARD.std).permute(2, 0, 1)
    with torch.no_grad():
        wanted = network(x[None])[0].permute(1, 2, 0).numpy() * CARD.std + CARD.mean
    assert np.abs(made - np.clip(wanted, 0, 255)).max() < 2  # of 255: half weights and a rounding
    found = verify(bundle, (network, CARD), rgb[None], size)
    assert found.problems == () and found.operators_match


def test_the_first_is_the_networks_own(bundle):
    with Stylizer.load(bundle) as stylizer:
        assert stylizer.size == SIZE
    info = read_info(bundle)
    assert [signature.name for signature in info.signatures] == ["stylize", f"stylize_{LARGE}"]
    graphs = read_metadata(bundle.read_bytes())["graphs"]
    assert [graph["inputs"][0]["image"]["width"] for graph in graphs] == [SIZE, LARGE]


@pytest.mark.parametrize("precision", ["fp32", "int8-weights", "int8"])
def test_weights_are_stored_once(network, precision):
    rng = np.random.default_rng(0)
    seen = {
        name: rng.uniform(-1, 1, (2, side, side, 3)).astype(np.float32)
        for name, side in (("stylize", SIZE), (f"stylize_{LARGE}", LARGE))
    }
    first = {"stylize": seen["stylize"]}
    one, two = (
        read_model(to_tflite(network, [precision], sizes=sizes, calibration=shown)[precision])
        for sizes, shown in (((), first), ((LARGE,), seen))
    )
    stored = [sum(len(b.data) for b in m.buffers if b.data is not None) for m in (one, two)]
    assert stored[1] < 1.1 * stored[0]
    names = [tensor.name for graph in two.subgraphs for tensor in graph.tensors]
    assert len(set(names)) == len(names)


def test_what_it_does_not_take_is_refused(network, bundle, tmp_path):
    for sizes in ((SIZE + 1,), (SIZE,), (-4,)):
        with pytest.raises(UsageError, match=rf"size {sizes[0]}|size is there twice"):
            convert(network, CARD, {"fp16": tmp_path / "x"}, predicted_ms={}, sizes=sizes)
    with pytest.raises(UsageError, match="one size"):
        to_tflite(network, ["fp32"], route="onnx2tf", sizes=(LARGE,))
    with pytest.raises(UsageError, match=f"it takes {SIZE}, {LARGE}"):
        Stylizer.load(bundle, size=7)
    assert not list(tmp_path.iterdir())


def test_its_own_size_has_to_fit(tmp_path):
    odd = build(ugatit_spec(SIZE + 1, 8, 1))
    with pytest.raises(UsageError, match=f"size {SIZE + 1}: the network does not give"):
        convert(odd, CARD, {"fp32": tmp_path / "x.tflite"}, predicted_ms={})
    assert not list(tmp_path.iterdir())
