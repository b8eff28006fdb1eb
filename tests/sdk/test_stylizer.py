import subprocess
import sys

import numpy as np
import pytest
from pocketstyle.errors import FormatError, PocketstyleError, UsageError
from pocketstyle.images import centre_square, resize
from pocketstyle.sdk import Signature, Stylizer, TensorInfo, append_info, interpreter

from .conftest import MEAN, SIZE, STD, make_info


@pytest.fixture
def square() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def by_torch(net, rgb: np.ndarray) -> np.ndarray:
    """The same network's pixels by torch in float64, not yet rounded or clipped."""
    import torch

    tensor = torch.from_numpy((rgb.astype(np.float64) - MEAN) / STD).permute(2, 0, 1)[None]
    with torch.no_grad():
        out = net.double()(tensor)
    net.float()
    return out[0].permute(1, 2, 0).numpy() * STD + MEAN


def write_bundle(path, tflite, **changes):
    path.write_bytes(append_info(tflite, make_info(**changes)))
    return path


def signature(*shapes, dtype="float32") -> Signature:
    tensors = [
        TensorInfo(name=f"args_{i}", description="", shape=shape, dtype=dtype)
        for i, shape in enumerate(shapes)
    ]
    output = tensors.pop().model_copy(update={"name": "output_0"})
    return Signature(name="serving_default", inputs=tensors, outputs=[output])


PROMISED = signature(*[(1, SIZE, SIZE, 3)] * 2).model_dump()


def test_pixels_equal_torch_rounded(stylizer, tiny, square):
    exact = by_torch(tiny.net, square)
    assert exact.min() < -1 and exact.max() > 256  # so that clipping is seen
    assert np.abs(stylizer.apply(square) - np.clip(exact, 0, 255)).max() <= 0.5 + 1e-3


def test_run_equals_torch(stylizer, tiny, square):
    tensor = ((square.astype(np.float32) - MEAN) / STD)[None]
    out = stylizer.run(tensor)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0] * STD + MEAN, by_torch(tiny.net, square), atol=1e-3)
    kept = out.copy()
    stylizer.run(-tensor)
    np.testing.assert_array_equal(out, kept)  # a copy, not a view of the runtime's memory


def test_results_do_not_depend_on_earlier_calls(stylizer, square):
    first = stylizer.apply(square)
    kept = first.copy()
    other = stylizer.apply(255 - square)
    np.testing.assert_array_equal(first, kept)
    assert (other != first).any()
    np.testing.assert_array_equal(stylizer.apply(square), kept)


def test_out_is_filled_and_returned(stylizer, square):
    out = np.zeros((SIZE, SIZE, 3), np.uint8)
    assert stylizer.apply(square, out) is out
    np.testing.assert_array_equal(out, stylizer.apply(square))
    tall = np.repeat(square, 2, axis=0)
    out = np.zeros_like(tall)
    assert stylizer.stylize(tall, "stretch", out) is out
    np.testing.assert_array_equal(out, stylizer.stylize(tall, "stretch"))


def test_crop_takes_the_centre(stylizer, square):
    wide = np.zeros((SIZE, SIZE + 20, 3), np.uint8)
    wide[:, 10:-10] = square
    np.testing.assert_array_equal(stylizer.stylize(wide), stylizer.apply(square))
    big = np.random.default_rng(1).integers(0, 256, (100, 70, 3), dtype=np.uint8)
    seen = resize(centre_square(big), SIZE, SIZE)
    np.testing.assert_array_equal(stylizer.stylize(big), stylizer.apply(seen))


def test_stretch_keeps_the_size(stylizer):
    rgb = np.random.default_rng(1).integers(0, 256, (50, 71, 3), dtype=np.uint8)
    expected = resize(stylizer.apply(resize(rgb, SIZE, SIZE)), 71, 50)
    np.testing.assert_array_equal(stylizer.stylize(rgb, "stretch"), expected)


def test_one_pixel_is_a_picture(stylizer):
    assert stylizer.stylize(np.zeros((1, 1, 3), np.uint8)).shape == (SIZE, SIZE, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((SIZE, SIZE, 3), np.float32),
        np.zeros((SIZE, SIZE), np.uint8),
        np.zeros((SIZE, SIZE, 4), np.uint8),
        np.zeros((0, SIZE, 3), np.uint8),
        [[0, 0, 0]],
    ],
)
def test_wrong_pictures_are_refused(stylizer, wrong):
    with pytest.raises(UsageError, match=r"a picture is .*uint8\[H, W, 3\]"):
        stylizer.stylize(wrong)


def test_other_wrong_arguments_are_refused(stylizer, square):
    with pytest.raises(UsageError, match="one of crop, stretch"):
        stylizer.stylize(square, "fill")
    with pytest.raises(UsageError, match=r"takes \(32, 32, 3\)"):
        stylizer.apply(square[1:])
    with pytest.raises(UsageError, match="out must be"):
        stylizer.apply(square, np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(UsageError, match="out must be"):
        stylizer.stylize(square[:9], "stretch", square.copy())
    with pytest.raises(UsageError, match="takes float32"):
        stylizer.run(square[None])


def test_facts(stylizer):
    assert (stylizer.size, stylizer.info.name) == (SIZE, "tiny")
    assert stylizer.runtime in [r.removesuffix(".interpreter") for r in interpreter.RUNTIMES]


def test_closed(tiny, square):
    with Stylizer.load(tiny.path) as stylizer:
        stylizer.apply(square)
    with pytest.raises(UsageError, match="closed"):
        stylizer.apply(square)


def test_uint8_network(tmp_path):
    torch = pytest.importorskip("torch")
    litert_torch = pytest.importorskip("litert_torch")

    class Negative(torch.nn.Module):
        def forward(self, pixels):
            return (255 - pixels.float()).to(torch.uint8)

    example = (torch.zeros(1, 8, 8, 3, dtype=torch.uint8),)
    litert_torch.convert(Negative().eval(), example).export(str(tmp_path / "raw.tflite"))
    shape = (1, 8, 8, 3)
    path = write_bundle(
        tmp_path / "x.tflite",
        (tmp_path / "raw.tflite").read_bytes(),
        signatures=[signature(shape, shape, dtype="uint8")],
    )
    rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Stylizer(path).apply(rgb), 255 - rgb)


@pytest.mark.parametrize(
    ("promised", "reason"),
    [
        (signature((1, 64, 64, 3), (1, 64, 64, 3)), "promise args_0: float32"),
        (Signature(**PROMISED | {"name": "no_such"}), "no signature 'no_such'"),
        (signature((1, 32, 32, 3), (1, 32, 32, 3), dtype="uint8"), "promise args_0: uint8"),
        (signature((1, 32, 32, 3), (1, 64, 64, 3)), "of one frame"),
        (signature((1, 32, 48, 3), (1, 32, 48, 3)), "promise args_0: float32"),
        (signature((1, 512), (1, 512)), "of one frame"),
        (signature(*[(1, 32, 32, 3)] * 3), "2 inputs and 1 outputs"),
    ],
)
def test_networks_it_cannot_play(tmp_path, tiny, promised, reason):
    path = write_bundle(tmp_path / "x.tflite", tiny.tflite, signatures=[promised])
    with pytest.raises(FormatError, match=reason):
        Stylizer.load(path)


def test_a_broken_network(tmp_path, tiny):
    path = write_bundle(tmp_path / "x.tflite", tiny.tflite[:8] + bytes(64))
    with pytest.raises(FormatError, match=r"x\.tflite is refused"):
        Stylizer.load(path)


def test_no_runtime(tiny, monkeypatch):
    monkeypatch.setattr(interpreter, "RUNTIMES", ("no_such_runtime.interpreter",))
    with pytest.raises(PocketstyleError, match="pip install ai-edge-litert"):
        Stylizer.load(tiny.path)


def test_missing_runtimes_are_passed_over(tiny, square, monkeypatch):
    runtimes = ("no_such_runtime.interpreter", *interpreter.RUNTIMES)
    monkeypatch.setattr(interpreter, "RUNTIMES", runtimes)
    assert Stylizer.load(tiny.path).apply(square).shape == (SIZE, SIZE, 3)


def test_importing_needs_no_training_stack():
    code = "from pocketstyle.sdk import *; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "pocketstyle" in loaded and "numpy" in loaded
    assert not loaded & {"torch", "tensorflow", "jax", "flatbuffers", "ai_edge_litert"}
    own = {name.split(".")[1] for name in run.stdout.split() if name.startswith("pocketstyle.")}
    assert own == {"sdk", "colours", "errors", "frames", "images", "lazy", "whole"}
    code = "import pocketstyle.sdk, sys; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
