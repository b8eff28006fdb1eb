"""Bundles of several frames: which one plays a picture, and the whole picture in and out again."""

import json

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pocketstyle.cli.app import app
from pocketstyle.errors import UsageError
from pocketstyle.sdk import Stylizer, read_info, stylize_file, stylize_frames, stylize_video
from pocketstyle.sdk.framing import Place, best_frame
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")

from pocketstyle.converters import convert  # noqa: E402
from pocketstyle.networks import ModelCard, Spec  # noqa: E402

from .conftest import quadrants, write_clip  # noqa: E402

WIDE, TALL = (36, 64), (64, 36)


class Negative(torch.nn.Module):
    """Colours turned round: what a pixel becomes shows where it came from."""

    spec, multiple, fit = Spec("negative", 32, 32, {}, ()), 4, "frame"

    def forward(self, x):
        return -x


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "negative.tflite"
    sizes = {WIDE: {"s10": 2.0}, TALL: {"s10": 3.0}}
    card = ModelCard("negative")
    convert(Negative(), card, {"fp32": path}, predicted_ms={"s10": 1.0}, sizes=sizes)
    return path


@pytest.fixture(scope="module")
def landscape(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "wide.tflite"
    network = Negative()
    network.spec = Spec("negative", *WIDE, {}, ())
    convert(network, ModelCard("wide"), {"fp32": path}, predicted_ms={})
    return path


@pytest.fixture
def stylizer(bundle):
    with Stylizer.load(bundle, threads=1) as stylizer:
        yield stylizer


@pytest.mark.parametrize(
    ("picture", "frame"),
    [((90, 160), WIDE), ((160, 90), TALL), ((50, 50), (32, 32)), ((99, 100), WIDE)],
)
def test_the_frame_of_the_pictures_orientation_plays(stylizer, picture, frame):
    assert stylizer.frames == ((32, 32), WIDE, TALL)
    assert (stylizer.height, stylizer.width, stylizer.size) == (32, 32, 32)
    assert stylizer.frame_for(*picture) == frame
    assert stylizer.stylize(quadrants(*picture[::-1]), "crop").shape == (*frame, 3)


def test_of_several_the_one_of_the_most_similar_proportion():
    frames = ((24, 32), (18, 32), (48, 64))
    assert best_frame(frames, (1080, 1920)) == (18, 32)
    assert best_frame(frames, (300, 400)) == (24, 32)  # the first of two alike
    assert best_frame(frames, (400, 300)) is None
    assert best_frame((*frames, (32, 32)), (400, 300)) == (32, 32)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    picture=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    frame=st.tuples(st.integers(2, 80), st.integers(2, 80)),
)
def test_a_whole_picture_lies_in_the_frame(picture, frame):
    place = Place.of(picture, frame)
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (place.height, place.width, 3), np.uint8)
    whole = place.mirrored(rgb)
    assert whole.shape == (*frame, 3) and (place.cut(whole) == rgb).all()
    fits = [place.height == frame[0], place.width == frame[1]]
    assert any(fits)
    scale = min(frame[0] / picture[0], frame[1] / picture[1])
    assert (
        abs(place.height - scale * picture[0]) <= 1 and abs(place.width - scale * picture[1]) <= 1
    )
    assert abs(2 * place.top + place.height - frame[0]) <= 1  # centred
    assert abs(2 * place.left + place.width - frame[1]) <= 1
    if place.left and place.width > 1:  # the neighbour of an edge is its mirror image
        assert (whole[place.top, place.left - 1] == rgb[0, 1]).all()


@pytest.mark.parametrize("shape", [(72, 128), (128, 72), (64, 128), (60, 61), (40, 200), (9, 7)])
def test_the_whole_picture_comes_back_at_its_own_shape(stylizer, shape):
    """What comes back is the picture's negative, pixel by pixel where it is smooth."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    ramp = np.stack([200 * rows / shape[0], 200 * columns / shape[1], 20 + 0 * rows], 2)
    rgb = ramp.astype(np.uint8)
    assert stylizer.usual_fit == "frame"
    made = stylizer.stylize(rgb, "frame")
    assert made.shape == rgb.shape
    step = 200 / min(shape)  # of the ramp, which resampling smooths at the edges
    assert np.abs(255.0 - rgb - made).max() <= 2 * step + 4
    assert np.abs(255.0 - rgb - made).mean() < 4


def test_a_bundle_without_the_orientation(landscape):
    tall = quadrants(30, 40)
    with Stylizer.load(landscape) as stylizer:
        with pytest.raises(UsageError, match="no square frame; it has 36x64"):
            _ = stylizer.size
        with pytest.raises(
            UsageError, match="wide has no frame for portrait pictures; it has 36x64"
        ):
            stylizer.stylize(tall, "frame")
        assert stylizer.stylize(tall, "crop").shape == (*WIDE, 3)
        assert stylizer.stylize(tall, "stretch").shape == tall.shape
        assert stylizer.stylize(tall[:30], "frame").shape == (30, 30, 3)
        with pytest.raises(UsageError, match=r"takes \(36, 64, 3\) pictures"):
            stylizer.apply(tall)
    with Stylizer.load(landscape, size=WIDE) as chosen:  # by name it shows anything
        assert chosen.stylize(tall, "frame").shape == tall.shape


def test_the_smallest_frame_can_be_chosen(bundle):
    with Stylizer.load(bundle, size=32) as stylizer:
        assert stylizer.frames == ((32, 32),)
        assert stylizer.stylize(quadrants(64, 36), "frame").shape == (36, 64, 3)


@pytest.mark.parametrize(("width", "height"), [(128, 72), (72, 128), (96, 64)])
def test_a_clip_comes_back_at_its_own_shape(stylizer, tmp_path, width, height):
    clip = write_clip(tmp_path / "clip.mp4", width, height, times=[0, 40, 80], audio=None)
    made = tmp_path / "made.mp4"
    report = stylize_video(stylizer, clip, made, fit="frame", steady=True)
    with av.open(made) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (report.width, report.height, len(frames)) == (width, height, 3)
    assert frames[0].shape == (height, width, 3)
    wanted = 255.0 - quadrants(width, height)
    inner = np.s_[height // 8 : height // 4, width // 8 : width // 4]  # within a quadrant
    assert np.abs(frames[0][inner] - wanted[inner]).mean() < 12  # H.264's colours
    assert next(iter(stylize_frames(stylizer, clip, fit="frame"))).shape == (height, width, 3)
    cropped = next(iter(stylize_frames(stylizer, clip, fit="crop")))
    assert cropped.shape == (*stylizer.frame_for(height, width), 3)


def test_files_beside_what_was_made_of_them(stylizer, tmp_path):
    rgb, picture = quadrants(100, 60), tmp_path / "x.png"
    Image.fromarray(rgb).save(picture)
    mask = np.zeros_like(rgb)
    mask[:, :50] = 255
    stylize_file(stylizer, picture, tmp_path / "y.png", fit="frame", compare=True, mask=mask)
    made = np.asarray(Image.open(tmp_path / "y.png"))
    assert made.shape == (60, 200, 3)
    assert (made[:, :100] == rgb).all() and (made[:, 150:] == rgb[:, 50:]).all()
    stylize_file(stylizer, picture, tmp_path / "z.png", fit="crop", compare=True)
    assert Image.open(tmp_path / "z.png").size == (128, 36)


def test_on_the_command_line(bundle, tmp_path):
    def told(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    picture = tmp_path / "x.png"
    Image.fromarray(quadrants(100, 60)).save(picture)
    assert told("stylize", picture, "-m", bundle, "-o", tmp_path / "y.png").exit_code == 0
    assert Image.open(tmp_path / "y.png").size == (100, 60)  # the bundle asks for it
    chosen = ("--frame", "36x64", "--fit", "crop", "-o", tmp_path / "z.png")
    assert told("stylize", picture, "-m", bundle, *chosen).exit_code == 0
    assert Image.open(tmp_path / "z.png").size == (64, 36)
    for wrong in ("36x60", "36", "wide", "0x4"):
        assert told("stylize", picture, "-m", bundle, "--frame", wrong, "-o", "w").exit_code != 0
    found = json.loads(told("verify", bundle, "--json").stdout)
    frames = [one["frame"] for one in (found, *found["others"])]
    assert frames == ["32x32", "36x64", "64x36"]
    info = read_info(bundle)
    assert (info.fit, info.version) == ("frame", 2)
