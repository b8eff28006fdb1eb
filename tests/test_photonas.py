"""The shipped photorealistic style transfer is what its card says, and does what it is for."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pocketstyle.datasets import read_pairs, to_pictures, to_tensor
from pocketstyle.latency_model import predict_all
from pocketstyle.metrics import gram_loss, ssim
from pocketstyle.networks import load
from pocketstyle.networks.photo import PHOTONAS
from pocketstyle.sdk import Stylizer, read_info, resolve
from pocketstyle.search import resolve_model

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("POCKETSTYLE_SHARED", ROOT.parent / "shared"))
PAIRS = SHARED / "data/photo_pairs"


@pytest.fixture(scope="module")
def network():
    return load(resolve_model("photonas"))[0].eval()


def test_the_file_is_what_the_card_says(network):
    path = resolve("photonas")
    info, (_, card) = read_info(path), load(resolve_model("photonas"))
    assert path.stat().st_size <= 4e6
    assert network.genotype == PHOTONAS
    assert [signature.name for signature in info.signatures] == ["stylize", "encode_style"]
    assert info.predicted_ms == pytest.approx(predict_all(network.kernels()))
    assert info.attribution == card.attribution
    page = (ROOT / "docs/models/photonas.md").read_text()
    assert all(line in page for line in info.attribution)
    assert f"{path.stat().st_size / 1e6:.2f} MB" in page


def test_the_bundle_makes_what_its_network_makes(network):
    rng = np.random.default_rng(0)
    content, style = np.cumsum(rng.normal(size=(2, 512, 512, 3)), 2)
    pictures = [
        np.uint8(np.interp(one, (one.min(), one.max()), (0, 255))) for one in (content, style)
    ]
    with torch.no_grad():
        wanted = to_pictures(network(*(to_tensor(one[None]) for one in pictures)))[0]
    with Stylizer.load("photonas") as stylizer:
        stylizer.set_style(pictures[1])
        made = stylizer.apply(pictures[0])
    assert np.abs(made.astype(int) - wanted).max() <= 6  # float16 weights


@pytest.mark.skipif(not PAIRS.is_dir(), reason=f"no pairs of photos in {PAIRS}")
def test_a_photo_takes_the_mood_and_keeps_its_things(network):
    contents, styles, _ = read_pairs(PAIRS, 192, 384, 3)
    with Stylizer.load("photonas") as stylizer, torch.no_grad():
        for content, style in zip(contents, styles, strict=True):
            stylizer.set_style(style)
            x, y, made = (
                to_tensor(one[None])
                for one in (content, style, stylizer.stylize(content, "detail"))
            )
            wanted = network.encoder(y)
            before, after = (float(gram_loss(network.encoder(one), wanted)) for one in (x, made))
            assert after < 0.6 * before
            # more like the content's structure than the style itself is
            assert float(ssim(made, x)) > float(ssim(y, x)) + 0.05
