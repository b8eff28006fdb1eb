"""Several frames in one file: signatures that share the weights."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from pocketstyle.converters import convert, read_metadata, to_tflite, verify
from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.converters.tflite import signatures
from pocketstyle.errors import UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.sdk import Stylizer, read_info

from .conftest import CARD, SIZE

FURTHER = ((24, 40), (40, 24))


@pytest.fixture(scope="module")
def bundle(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "two.tflite"
    sizes = {frame: {"s10": 1.0 + i} for i, frame in enumerate(FURTHER)}
    convert(network, CARD, {"fp16": path}, predicted_ms={"s10": 0.5}, sizes=sizes)
    return path


@pytest.mark.parametrize("frame", [(SIZE, SIZE), *FURTHER])
def test_each_signature_gives_the_networks_pictures(bundle, network, frame):
    rgb = np.random.default_rng(frame[1]).integers(0, 256, (*frame, 3), np.uint8)
    with Stylizer.load(bundle, size=frame) as stylizer:
        assert (stylizer.height, stylizer.width) == frame
        made = stylizer.apply(rgb)
    x = torch.from_numpy((rgb.astype(np.float32) - CARD.mean) / CARD.std).permute(2, 0, 1)
    with torch.no_grad():
        wanted = network(x[None])[0].permute(1, 2, 0).numpy() * CARD.std + CARD.mean
    assert np.abs(made - np.clip(wanted, 0, 255)).max() < 2  # of 255: half weights and a rounding
    found = verify(bundle, (network, CARD), rgb[None], frame)
    assert found.problems == () and found.operators_match and found.others == ()
    assert found.macs == total_macs(network.kernels(*frame))


def test_all_frames_are_verified(bundle, network):
    found = verify(bundle, (network, CARD))
    checked = (found, *found.others)
    assert [one.frame for one in checked] == ["32x32", "24x40", "40x24"]
    for one in checked:
        assert one.problems == () and one.operators_match and one.transposes == 0
        assert 0 < one.max_abs <= one.limit
    wrong = replace(found, others=(replace(found.others[0], transposes=2), found.others[1]))
    assert wrong.problems == ("at 24x40 2 TRANSPOSE operators",)
    other = json.loads(found.to_json())["others"][1]
    assert (other["frame"], other["parity_max_abs"]) == ("40x24", found.others[1].max_abs)


def test_the_metadata_say_each_frame(bundle):
    info = read_info(bundle)
    said = [(one.name, one.frame, one.predicted_ms) for one in info.signatures]
    assert said == [
        ("stylize", (32, 32), {"s10": 0.5}),
        ("stylize_24x40", (24, 40), {"s10": 1.0}),
        ("stylize_40x24", (40, 24), {"s10": 2.0}),
    ]
    assert (info.version, info.predicted_ms) == (2, {"s10": 0.5})
    graphs = read_metadata(bundle.read_bytes())["graphs"]
    images = [graph["inputs"][0]["image"] for graph in graphs]
    assert images == [{"width": w, "height": h} for _, (h, w), _ in said]


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8-weights", "int8"])
def test_weights_are_stored_once(network, precision):
    rng = np.random.default_rng(0)
    seen = {
        name: rng.uniform(-1, 1, (2, *frame, 3)).astype(np.float32)
        for name, frame in signatures(network, FURTHER).items()
    }
    first = {"stylize": seen["stylize"]}
    files = [
        to_tflite(network, [precision], sizes=sizes, calibration=shown)[precision]
        for sizes, shown in (((), first), (FURTHER, seen))
    ]
    one, three = (read_model(file) for file in files)
    stored = [sum(len(b.data) for b in m.buffers if b.data is not None) for m in (one, three)]
    assert stored[1] < 1.05 * stored[0]
    # what is not shared is the graphs themselves, 20 kB each of this network
    graphs = len(files[0]) - stored[0]
    assert len(files[1]) < stored[1] + 3.2 * graphs
    names = [tensor.name for graph in three.subgraphs for tensor in graph.tensors]
    assert len(set(names)) == len(names)


def test_what_it_does_not_take_is_refused(network, bundle, tmp_path):
    for size, why in (
        ((33, 40), "multiples of 4; the nearest is 32x40"),
        ((-4, 40), "the nearest is 4x40"),
        (SIZE, "a frame is there twice"),
        ((4, 40), "does not give such pictures back"),  # a map of one row cannot be mirrored
        ((32, 16388), "larger than a texture of a phone's GPU"),
        ((4100, 32), "a map of 16 channels at 4100x32 is larger than a texture"),
    ):
        with pytest.raises(UsageError, match=why):
            convert(network, CARD, {"fp16": tmp_path / "x"}, predicted_ms={}, sizes={size: {}})
    with pytest.raises(UsageError, match="one size"):
        to_tflite(network, ["fp32"], route="onnx2tf", sizes=FURTHER)
    with pytest.raises(UsageError, match="no frame of 7x7; it has 32x32, 24x40, 40x24"):
        Stylizer.load(bundle, size=7)
    assert not list(tmp_path.iterdir())
