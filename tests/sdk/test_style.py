"""A network that takes a style picture, played by the SDK and from the command line."""

import json

import numpy as np
import pytest
from PIL import Image
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import laid_over, resize
from pocketstyle.sdk import Stylizer, read_rgb, stylize_file

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
from pocketstyle.converters import convert  # noqa: E402
from pocketstyle.networks import ModelCard, build, photo_spec, save  # noqa: E402
from pocketstyle.networks.photo import PHOTONAS  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from .conftest import quadrants, write_clip  # noqa: E402

SIDE = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle and its model, three pictures."""
    folder = tmp_path_factory.mktemp("style")
    torch.manual_seed(0)
    network = build(photo_spec(PHOTONAS, SIDE, (4, 4, 8, 8, 8))).eval()
    card = ModelCard("photo")
    save(folder / "photo.safetensors", network, card)
    convert(network, card, {"fp32": folder / "photo.tflite"}, predicted_ms={})
    rng = np.random.default_rng(0)
    for name, side in (("content", (50, 70)), ("style", (40, 40)), ("other", (33, 20))):
        Image.fromarray(rng.integers(0, 256, (*side, 3), np.uint8)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def stylizer(folder):
    with Stylizer.load(folder / "photo.tflite", threads=1) as stylizer:
        yield stylizer


def test_it_draws_as_the_network_does(stylizer, folder):
    content, style = (
        resize(read_rgb(folder / f"{n}.png"), SIDE, SIDE) for n in ("content", "style")
    )
    from pocketstyle.datasets import to_pictures, to_tensor
    from pocketstyle.networks import load

    network, _ = load(folder / "photo.safetensors")
    with torch.no_grad():
        wanted = to_pictures(network.eval()(to_tensor(content[None]), to_tensor(style[None])))[0]
    stylizer.set_style(style)
    made = stylizer.apply(content)
    assert np.abs(made.astype(int) - wanted).max() <= 1
    stylizer.set_style(style, alpha=0.25)
    quarter = content + 0.25 * (wanted.astype(float) - content)
    # what is clipped, is clipped after the blend
    inside = (wanted > 0) & (wanted < 255)
    assert np.abs(stylizer.apply(content) - quarter)[inside].max() <= 1.5
    stylizer.set_style(style, alpha=0.0)
    assert np.abs(stylizer.apply(content).astype(int) - content).max() <= 1


def test_another_style_is_another_picture_and_the_first_one_comes_back(stylizer, folder):
    content, style, other = (read_rgb(folder / f"{n}.png") for n in ("content", "style", "other"))
    made = []
    for one in (style, other, style):
        stylizer.set_style(one)
        made.append(stylizer.stylize(content, "detail"))
    assert made[0].shape == content.shape
    assert (made[0] == made[2]).all() and (made[0] != made[1]).mean() > 0.1


@pytest.mark.parametrize("colour", [0, 255, 128])
def test_a_style_of_one_colour_gives_a_picture(stylizer, folder, colour):
    stylizer.set_style(np.full((8, 8, 3), colour, np.uint8))
    content = read_rgb(folder / "content.png")
    made = stylizer.stylize(content, "stretch")
    assert made.shape == content.shape
    assert stylizer.run(np.zeros((1, SIDE, SIDE, 3), np.float32)).shape == (1, SIDE, SIDE, 3)
    assert np.isfinite(stylizer.run(np.ones((1, SIDE, SIDE, 3), np.float32))).all()


def test_details_are_the_contents(stylizer, folder):
    """Where the network changes nothing, the picture is what it was, whatever its size."""
    rgb = read_rgb(folder / "content.png")
    small = resize(rgb, SIDE, SIDE)
    assert (laid_over(rgb, small, small) == rgb).all()
    brighter = np.clip(small.astype(int) + 7, 0, 255).astype(np.uint8)
    even = laid_over(np.full_like(rgb, 100), np.full_like(small, 90), np.full_like(small, 97))
    assert (even == 107).all()
    assert laid_over(rgb, small, brighter).mean() > rgb.mean() + 4


def test_what_it_refuses(stylizer, folder):
    content = read_rgb(folder / "content.png")
    with pytest.raises(UsageError, match="in the manner of a style picture"):
        stylizer.stylize(content)
    for alpha in (-0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match="alpha is"):
            stylizer.set_style(content, alpha)
    with pytest.raises(UsageError, match="uint8"):
        stylizer.set_style(content.astype(np.float32))
    plain = Stylizer.load("heads", threads=1)
    with plain, pytest.raises(UsageError, match="heads takes no style picture"):
        plain.set_style(content)


def test_a_list_of_pairs(stylizer, folder, tmp_path):
    for name in ("content", "style", "other"):
        Image.open(folder / f"{name}.png").save(tmp_path / f"{name}.png")
    listed = tmp_path / "pairs.csv"
    listed.write_text("content.png,style.png\ncontent.png, other.png\nnone.png,other.png\n")
    result = stylize_file(stylizer, listed, tmp_path / "out", fit="detail")
    assert result.pictures == 2 and len(result.skipped) == 1 and "none.png" in result.skipped[0]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["content-other.png", "content-style.png"]
    listed.write_text("content,style\ncontent.png,other.png\n")  # with a head, and an alpha
    stylize_file(stylizer, listed, tmp_path / "half", fit="detail", alpha=0.5)
    stylizer.set_style(read_rgb(folder / "other.png"), 0.5)
    wanted = stylizer.stylize(read_rgb(folder / "content.png"), "detail")
    assert (read_rgb(tmp_path / "half/content-other.png") == wanted).all()
    stylizer.set_style(read_rgb(folder / "other.png"))
    wanted = stylizer.stylize(read_rgb(folder / "content.png"), "detail")
    assert (read_rgb(tmp_path / "out/content-other.png") == wanted).all()
    for text, told in (
        ("content.png\n", "a line is `content,style`, not 'content.png'"),
        ("", "and it has none"),
        ("content.png,style.png\ncontent.png,style.png\n", "two pairs would be"),
        ("a.png,b.png\n", "no picture that can be read"),
    ):
        listed.write_text(text)
        with pytest.raises(DataError, match=told):
            stylize_file(stylizer, listed, tmp_path / "again", fit="detail")
        assert not (tmp_path / "again").exists()


def test_a_video_keeps_its_details(stylizer, folder, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", times=[0, 40, 80])
    stylizer.set_style(read_rgb(folder / "style.png"), alpha=0.0)
    result = stylize_file(stylizer, clip, tmp_path / "out.mp4", fit="detail")
    assert (result.frames, result.width, result.height) == (3, 96, 64)
    from pocketstyle.sdk import read_frames

    first = next(iter(read_frames(tmp_path / "out.mp4"))).astype(int)
    assert np.abs(first - quadrants(96, 64)).mean() < 6  # H.264 twice, nothing else


def run(*words) -> tuple[int, str]:
    from pocketstyle.cli.app import app

    result = CliRunner().invoke(app, ["stylize", *map(str, words)])
    return result.exit_code, result.exception


def test_the_command(folder, tmp_path):
    bundle, content, style = (folder / n for n in ("photo.tflite", "content.png", "style.png"))
    out = tmp_path / "out.png"
    assert run(content, "-m", bundle, "--style", style, "-o", out) == (0, None)
    assert read_rgb(out).shape == read_rgb(content).shape
    model = folder / "photo.safetensors"
    whole = tmp_path / "whole.png"
    assert run(content, "-m", model, "--style", style, "-o", whole) == (0, None)
    assert read_rgb(whole).shape == read_rgb(content).shape
    for words, told in (
        ((content, "-m", bundle), "--style PICTURE"),
        ((content, "-m", model), "--style PICTURE"),
        ((content, "-m", bundle, "--alpha", 0.5), "give --style"),
        ((content, "-m", bundle, "--style", style, "--alpha", 2), "alpha is 2"),
        ((content, "-m", bundle, "--style", tmp_path / "no.png"), "no.png"),
        ((content, "-m", model, "--style", style, "--fit", "crop"), "are a bundle's"),
    ):
        failed = tmp_path / "failed.png"
        status, error = run(*words, "-o", failed)
        assert status == 1 and told in str(error), words
        assert not failed.exists()


def test_a_model_takes_pictures_of_any_size(folder):
    from pocketstyle.cli.torch_stylizer import TorchStylizer

    stylizer = TorchStylizer(str(folder / "photo.safetensors"))
    stylizer.set_style(read_rgb(folder / "style.png"))
    for height, width in ((1, 1), (16, 16), (17, 300), (40, 33)):
        picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        assert stylizer.stylize(picture).shape == picture.shape
    with pytest.raises(DataError, match="8 megapixels at most"):
        stylizer.stylize(np.zeros((4001, 4000, 3), np.uint8))
    with pytest.raises(UsageError, match="takes no style"):
        TorchStylizer("heads-teacher")


def test_a_model_blends_as_its_bundle_does(stylizer, folder):
    """Alpha 0 is the content, and halfway it is halfway."""
    from pocketstyle.cli.torch_stylizer import TorchStylizer

    content = resize(read_rgb(folder / "content.png"), SIDE, SIDE)
    style = resize(read_rgb(folder / "style.png"), SIDE, SIDE)
    model = TorchStylizer(str(folder / "photo.safetensors"))
    for alpha in (0.0, 0.5, 1.0):
        made = []
        for player in (stylizer, model):
            player.set_style(style, alpha)
            made.append(player.stylize(content, "stretch").astype(int))
        assert np.abs(made[0] - made[1]).max() <= 2
        assert alpha > 0 or np.abs(made[1] - content).max() <= 1


@pytest.mark.parametrize(("side", "told"), [((4200, 4000), "shrunk"), ((9, 9), "one colour")])
def test_a_style_that_asks_for_a_word(folder, tmp_path, side, told):
    from pocketstyle.cli.app import app

    Image.new("RGB", side[::-1], "red").save(tmp_path / "style.png")
    words = [folder / "content.png", "-m", folder / "photo.tflite", "-o", tmp_path / "out.png"]
    words += ["--style", tmp_path / "style.png"]
    result = CliRunner().invoke(app, ["stylize", *map(str, words)])
    assert result.exit_code == 0 and told in result.stderr


def test_info_of_a_bundle_says_what_comes_with_it(folder):
    from pocketstyle.cli.info import describe
    from pocketstyle.networks import load

    network, _ = load(folder / "photo.safetensors")
    told = describe(network)
    assert "skip1/transfer" in told["parts"] and json.dumps(told)
