"""The Inception features against plain numpy, and against what the published weights promise."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.images import centre_square, list_pictures, read_rgb, resize
from pocketstyle.metrics import features, load_inception
from pocketstyle.metrics.inception import prepare

from .inception_in_numpy import mixed_7, random_weights

SHARED = (Path(__file__).parents[2] / os.environ.get("POCKETSTYLE_SHARED", "../shared")).resolve()
WEIGHTS = SHARED / "weights/inception_v3_2015_to_mixed7.npz"
needs_weights = pytest.mark.skipif(
    not WEIGHTS.exists(), reason=f"no Inception weights at {WEIGHTS} (set POCKETSTYLE_SHARED)"
)


@pytest.fixture(scope="module")
def arrays():
    return random_weights()


def saved(path, arrays):
    np.savez(path, **arrays)
    return path


def test_is_the_graph_layer_by_layer(tmp_path, arrays):
    network = load_inception(saved(tmp_path / "random.npz", arrays))
    x = np.random.default_rng(1).uniform(-1, 1, (2, 107, 91, 3))
    expected = mixed_7(x, arrays)
    assert expected.shape == (2, 5, 4, 768)
    got = network.double()(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), [(40, 52), (640, 299)])
def test_pictures_are_interpolated_between_pixel_centres(height, width):
    pictures = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)

    def weights(length):  # [299, length], two of a row are not zero
        places = np.clip((np.arange(299) + 0.5) * length / 299 - 0.5, 0, length - 1)
        return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(length)))

    expected = weights(height) @ (pictures.transpose(0, 3, 1, 2) / 255.0) @ weights(width).T
    got = prepare(torch.from_numpy(pictures))
    np.testing.assert_allclose(got.numpy(), 2 * expected - 1, atol=3e-4)


def test_features_are_mean_maps_in_the_order_of_the_pictures():
    network = torch.nn.Conv2d(3, 4, 5, stride=3)
    pictures = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    told = []
    got = features(network, pictures, 2, lambda done, total: told.append((done, total)))
    assert got.dtype == torch.float64 and told == [(2, 5), (4, 5), (5, 5)]
    for row, picture in zip(got, pictures, strict=True):
        maps = network(prepare(torch.from_numpy(picture[None])))
        torch.testing.assert_close(row.float(), maps.mean((0, 2, 3)))


@needs_weights
def test_the_published_weights_on_a_photo_as_numpy_sees_it():
    photo = np.stack([read_rgb(list_pictures(SHARED / "data/portraits/cc_by")[0])])
    x = prepare(torch.from_numpy(photo)).permute(0, 2, 3, 1).double().numpy()
    maps = mixed_7(x, np.load(WEIGHTS, allow_pickle=False))
    assert maps.shape == (1, 17, 17, 768)
    got = features(load_inception(WEIGHTS), photo)
    np.testing.assert_allclose(got.numpy(), maps.mean((1, 2)), atol=1e-5)


@needs_weights
def test_maps_of_photos_are_as_batch_norm_left_them():
    """The graph's batch norm has no scale: before its ReLU a map varies by 1 about its bias.

    Which of two kernels is 1x7 and which 7x1 no shape of a weight tells; this does (0.91 if they
    are swapped).
    """
    network = load_inception(WEIGHTS)
    deviations = []

    def look(module, inputs, _):
        maps = torch.nn.functional.conv2d(inputs[0], module.weight, padding=module.padding)
        deviations.append(maps.std((0, 2, 3)).median())

    for tower in (network.mixed_7.tower, network.mixed_7.tower_1):
        for layer in tower[1:]:
            layer.register_forward_hook(look)
    photos = list_pictures(SHARED / "data/art/content")[::3]
    square = np.stack([resize(centre_square(read_rgb(p)), 299, 299) for p in photos])
    features(network, square, len(square))
    assert len(deviations) == 6
    assert float(torch.stack(deviations).mean()) == pytest.approx(1, abs=0.06)


def test_what_is_no_file_of_weights_is_refused(tmp_path, arrays):
    with pytest.raises(UsageError, match="no such file"):
        load_inception(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no weights")
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name in ("text.npz", "one.npy"):
        with pytest.raises(FormatError, match=r"no \.npz of Inception"):
            load_inception(tmp_path / name)
    torch.save({"a": torch.zeros(2)}, tmp_path / "checkpoint.pth")  # a zip too
    with pytest.raises(FormatError, match=r"something else .* 140 of 140 .* weights_conv"):
        load_inception(tmp_path / "checkpoint.pth")


def test_damaged_weights_are_refused(tmp_path, arrays):
    whole = saved(tmp_path / "whole.npz", arrays).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="cut short"):
        load_inception(tmp_path / "cut.npz")
    middle = len(whole) // 2
    (tmp_path / "bits.npz").write_bytes(whole[:middle] + b"\x55" * 64 + whole[middle + 64 :])
    with pytest.raises(FormatError, match="damaged"):
        load_inception(tmp_path / "bits.npz")
    for change, words in (
        ({"weights_conv_3": np.zeros(7)}, "conv_3 has 7 weights and 80 biases.*5120 and 80"),
        ({"bias_conv": np.full(32, np.nan)}, "conv holds numbers that are not finite"),
        ({"bias_conv": np.array([None] * 32)}, "damaged"),  # would be a pickle
        ({"bias_conv": np.array(["a"] * 32)}, "damaged"),
    ):
        path = saved(tmp_path / "changed.npz", arrays | change)
        with pytest.raises(FormatError, match=words):
            load_inception(path)
