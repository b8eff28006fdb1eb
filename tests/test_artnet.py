"""The shipped ArtNet is what its card says, and does what it is for."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pocketstyle.datasets import to_pictures, to_tensor
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.latency_model import predict_all
from pocketstyle.metrics import gram_loss, ssim
from pocketstyle.networks import load
from pocketstyle.sdk import Stylizer, read_info, resolve
from pocketstyle.search import resolve_model
from squares import sample_squares

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("POCKETSTYLE_SHARED", ROOT.parent / "shared"))
ART = SHARED / "data/art"
BUNDLES = {"artnet": 512, "artnet-256": 256}


@pytest.fixture(scope="module")
def network():
    return load(resolve_model("artnet"))[0].eval()


@pytest.mark.parametrize(("name", "size"), BUNDLES.items())
def test_the_file_is_what_the_card_says(network, name, size):
    path = resolve(name)
    info, (_, card) = read_info(path), load(resolve_model("artnet"))
    assert path.stat().st_size <= 6e6
    assert [signature.name for signature in info.signatures] == ["stylize", "encode_style"]
    assert info.predicted_ms == pytest.approx(predict_all(network.kernels(size, size)))
    assert info.attribution == card.attribution
    page = (ROOT / "docs/models/artnet.md").read_text()
    assert all(line in page for line in info.attribution)
    assert f"{name}.tflite`: {path.stat().st_size / 1e6:.2f} MB" in page
    assert f"{sum(p.numel() for p in network.parameters())} parameters are left" in page


def test_video_rate_on_the_s10_is_predicted(network):
    assert read_info(resolve("artnet-256")).predicted_ms["s10"] <= 33


def test_the_bundle_makes_what_its_network_makes(network):
    """Where two patches are all but equally alike, float16 weights may choose the other one."""
    content, style = sample_squares(256)[0]
    with torch.no_grad():
        wanted = to_pictures(network(content, style))[0].astype(int)
    with Stylizer.load("artnet-256") as stylizer:
        stylizer.set_style(to_pictures(style)[0])
        made = stylizer.apply(to_pictures(content)[0])
    apart = np.abs(made - wanted)
    assert apart.mean() <= 1 and np.percentile(apart, 99) <= 8


@pytest.mark.skipif(not ART.is_dir(), reason=f"no paintings in {ART}")
def test_a_painting_gives_its_style_and_the_photo_its_things(network):
    folders = [list_pictures(ART / kind)[:3] for kind in ("content", "style")]
    with Stylizer.load("artnet-256") as stylizer, torch.no_grad():
        for paths in zip(*folders, strict=True):
            content, style = map(read_rgb, paths)
            stylizer.set_style(style)
            pictures = [resize(one, 256, 256) for one in (content, style)]
            pictures.append(resize(stylizer.stylize(content), 256, 256))
            x, y, made = (to_tensor(one[None]) for one in pictures)
            wanted = network.encoder(y)
            before, after = (float(gram_loss(network.encoder(one), wanted)) for one in (x, made))
            assert after < 0.5 * before
            assert float(ssim(made, x)) > float(ssim(y, x)) + 0.05
