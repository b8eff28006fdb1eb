"""Textures and colours from two pictures, several styles, masks: an ArtNet's bundle and model."""

import numpy as np
import pytest
from PIL import Image
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import centre_square, resize
from pocketstyle.sdk import Stylizer, read_rgb, stylize_file

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
from pocketstyle.cli.torch_stylizer import TorchStylizer  # noqa: E402
from pocketstyle.converters import convert  # noqa: E402
from pocketstyle.networks import ModelCard, art_spec, build, save  # noqa: E402

from ..networks.patterns import lively  # noqa: E402
from .test_style import run  # noqa: E402

SIDE = 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Bundles and models with S² and with AdaIN, three pictures, a mask."""
    folder = tmp_path_factory.mktemp("art")
    for name, transfer in (("swap", "sandwich-swap"), ("adain", "adain")):
        torch.manual_seed(0)
        network = lively(build(art_spec("mobilenet", 2, SIDE, transfer=transfer))).eval()
        card = ModelCard(name)
        save(folder / f"{name}.safetensors", network, card)
        convert(network, card, {"fp32": folder / f"{name}.tflite"}, predicted_ms={})
    rng = np.random.default_rng(0)
    for name, side in (("content", (50, 70)), ("style", (64, 40)), ("other", (33, 20))):
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(coarse).resize(side[::-1], 0).save(folder / f"{name}.png")
    mask = np.zeros((50, 70), np.uint8)
    mask[:, 35:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder


def pictures(folder):
    return [read_rgb(folder / f"{name}.png") for name in ("content", "style", "other")]


@pytest.fixture(params=["bundle", "model"])
def played(request, folder):
    """Of a name, what plays it and how near two of its pictures may be expected."""
    if request.param == "bundle":
        return lambda name: Stylizer.load(folder / f"{name}.tflite", threads=1)
    return lambda name: TorchStylizer(str(folder / f"{name}.safetensors"))


def test_textures_of_one_and_colours_of_another(played, folder):
    content, style, other = pictures(folder)
    with played("swap") as stylizer:
        made = []
        for colour in (None, style, other):
            stylizer.set_style(style, colour=colour)
            made.append(stylizer.stylize(content, "stretch").astype(int))
        assert (made[0] == made[1]).all() and np.abs(made[0] - made[2]).max() > 2
    with played("adain") as stylizer, pytest.raises(UsageError, match="from one picture"):
        stylizer.set_style(style, colour=other)


def test_several_styles_are_averaged(played, folder):
    content, style, other = pictures(folder)
    content = resize(content, SIDE, SIDE)  # nothing is resized after it is clipped
    with played("adain") as stylizer:
        alone = []
        for one in (style, other):
            stylizer.set_style(one)
            alone.append(stylizer.stylize(content, "crop").astype(float))
        stylizer.set_styles([style, other], [3, 1])
        both = stylizer.stylize(content, "crop")
    inside = (np.minimum(*alone) > 2) & (np.maximum(*alone) < 253)
    wanted = 0.75 * alone[0] + 0.25 * alone[1]
    assert inside.mean() > 0.3 and np.abs(both - wanted)[inside].max() < 3


def test_paintings_are_stretched_and_photos_keep_details(folder):
    with Stylizer.load(folder / "swap.tflite", threads=1) as stylizer:
        assert stylizer.usual_fit == "stretch"
    for name, fit in (("photonas", "detail"), ("heads", "crop")):
        with Stylizer.load(name, threads=1) as stylizer:
            assert stylizer.usual_fit == fit


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, float("nan")], []])
def test_weights_that_are_none(played, folder, weights):
    _, style, other = pictures(folder)
    with played("adain") as stylizer, pytest.raises(UsageError, match="each of 2 styles"):
        stylizer.set_styles([style, other], weights)


@pytest.mark.parametrize("fit", ["crop", "stretch", "detail"])
def test_a_mask_says_where(folder, tmp_path, fit):
    content, style, _ = pictures(folder)
    with Stylizer.load(folder / "swap.tflite", threads=1) as stylizer:
        stylizer.set_style(style)
        plain = stylizer.stylize(content, fit)
        mask = read_rgb(folder / "mask.png")
        out = tmp_path / "out.png"
        stylize_file(stylizer, folder / "content.png", out, fit=fit, mask=mask)
    made, before = read_rgb(out), content
    if fit == "crop":
        before = resize(centre_square(content), SIDE, SIDE)
    width = made.shape[1]
    left, right = slice(0, width // 2 - 4), slice(width // 2 + 4, width)
    assert (made[:, left] == before[:, left]).all()
    assert (made[:, right] == plain[:, right]).all() and (made != before).any()


def test_of_a_folder_what_the_mask_does_not_fit_is_skipped(folder, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("content", "other"):
        (pictures / f"{name}.png").write_bytes((folder / f"{name}.png").read_bytes())
    with Stylizer.load(folder / "swap.tflite", threads=1) as stylizer:
        stylizer.set_style(read_rgb(folder / "style.png"))
        mask = read_rgb(folder / "mask.png")
        report = stylize_file(stylizer, pictures, tmp_path / "out", fit="stretch", mask=mask)
    assert report.pictures == 1 and "the mask is 70x50" in report.skipped[0]


def test_a_mask_that_does_not_fit(folder, tmp_path):
    with Stylizer.load(folder / "swap.tflite", threads=1) as stylizer:
        stylizer.set_style(read_rgb(folder / "style.png"))
        with pytest.raises(DataError, match="the mask is 70x50, the picture 20x33"):
            stylize_file(
                stylizer,
                folder / "other.png",
                tmp_path / "out.png",
                mask=read_rgb(folder / "mask.png"),
            )
    assert not (tmp_path / "out.png").exists()


def test_the_command(folder, tmp_path):
    content, style, other, mask = (
        folder / f"{name}.png" for name in ("content", "style", "other", "mask")
    )
    bundle, out = folder / "swap.tflite", tmp_path / "out.png"
    both = ("--style", style, "--style", other)
    for words in (
        ("--style", style, "--color", other, "--mask", mask),
        (*both, "--weight", 3, "--weight", 1, "--alpha", 0.5),
        both,
    ):
        for model in (bundle, folder / "swap.safetensors"):
            assert run(content, "-m", model, *words, "-o", out, "--force") == (0, None)
            assert read_rgb(out).shape == read_rgb(content).shape
    failed = tmp_path / "failed.png"
    for words, told in (
        ((*both, "--color", other), "one --style"),
        (("--color", other), "one --style"),
        (("--style", style, "--weight", 1, "--weight", 2), "--weight says how much"),
        (("--style", style, "--mask", other), "the mask is 20x33"),
    ):
        status, error = run(content, "-m", bundle, *words, "-o", failed)
        assert status == 1 and told in str(error), words
        assert not failed.exists()
