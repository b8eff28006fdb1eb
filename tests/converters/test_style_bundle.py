"""A network that takes a style: two signatures that share the weights."""

import numpy as np
import pytest
import torch
from pocketstyle.converters import convert, read_metadata, to_tflite, verify
from pocketstyle.converters.player import Player, style_statistics
from pocketstyle.errors import UsageError
from pocketstyle.networks import ModelCard, build, photo_spec
from pocketstyle.networks.photo import Genotype
from pocketstyle.sdk import Stylizer, read_info

SIDE = 32
CARD = ModelCard("photo")
BITS = ("skip4/concat", "stage1/transfer", "skip1/norm", "skip1/concat", "skip1/transfer")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build(photo_spec(Genotype(BITS), SIDE, (4, 4, 8, 8, 8))).eval()


@pytest.fixture(scope="module")
def bundle(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("style") / "photo.tflite"
    convert(network, CARD, {"fp16": path}, predicted_ms={})
    return path


def test_content_in_the_manner_of_another_picture(bundle, network):
    rng = np.random.default_rng(0)
    content, style = rng.uniform(-1, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
    tflite = bundle.read_bytes()
    statistics = style_statistics(tflite, style)
    assert sorted(statistics) == [f"statistics{i}" for i in range(4)]
    made = Player(tflite, signature="stylize", fixed=statistics).play(content)[0]
    x, y = (torch.from_numpy(one).permute(2, 0, 1)[None] for one in (content, style))
    with torch.no_grad():  # by eigenvectors, which the graph has not
        wanted = network(x, y)[0].permute(1, 2, 0).numpy()
    assert np.abs(made - wanted).max() < 2e-2 * max(1.0, np.abs(wanted).max())


def test_it_says_so(bundle):
    info = read_info(bundle)
    assert [signature.name for signature in info.signatures] == ["stylize", "encode_style"]
    stylize, encode = info.signatures
    names = [f"statistics{i}" for i in range(4)]
    assert [tensor.name for tensor in stylize.inputs] == ["content", *names]
    assert [tensor.name for tensor in encode.outputs] == names
    assert stylize.inputs[1].shape == (1, 1, 1, 4) and stylize.inputs[2].shape == (1, 1, 4, 4)
    graphs = read_metadata(bundle.read_bytes())["graphs"]
    assert "image" in graphs[0]["inputs"][0] and "image" not in graphs[0]["inputs"][1]
    with Stylizer.load(bundle, threads=1) as stylizer:
        assert stylizer.takes_style and stylizer.size == SIDE


def test_it_is_verified_in_the_manner_of_its_first_picture(bundle, network):
    photos = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    found = verify(bundle, (network, CARD), photos)
    assert found.gpu_resident is not False, found.gpu_note
    assert found.parity.max_abs < 2e-2 and found.operators_match and not found.transposes


def test_what_it_cannot_be(network):
    for wrong in ({"sizes": (64,)}, {"route": "onnx2tf"}, {"pixels": (127.5, 127.5)}):
        with pytest.raises(UsageError, match="takes a style"):
            to_tflite(network, ["fp32"], **wrong)
    with pytest.raises(UsageError, match="takes a style"):
        to_tflite(network, ["int8"], calibration={})
