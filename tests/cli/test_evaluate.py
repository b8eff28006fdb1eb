"""pocketstyle evaluate: what it measures, and one clear line per mistake."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pocketstyle.datasets import heads, to_pictures, to_tensor
from pocketstyle.networks import ModelCard, build, save, ugatit_spec

from ..metrics.inception_in_numpy import random_weights
from .test_cli import fails, pocketstyle

SIZE = 32


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    """Random weights: distances to other pictures mean nothing, to the same ones they are 0."""
    path = tmp_path_factory.mktemp("inception") / "random.npz"
    np.savez(path, **random_weights())
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    torch.manual_seed(0)
    network = build(ugatit_spec(SIZE, 4, 1))
    save(path, network, ModelCard("tiny"))
    return path, network.eval()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of six, and the pictures."""
    pictures = np.stack([heads.pair(0, i, SIZE)[0] for i in range(6)])
    return written(tmp_path_factory.mktemp("photos"), pictures), pictures


def written(folder, pictures):
    folder.mkdir(exist_ok=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{i}.png")
    return folder


def evaluate(model, source, target, *more):
    return pocketstyle("evaluate", model, "--source", source, "--target", target, *more)


def test_a_models_own_pictures_are_at_no_distance(tmp_path, inception, model, photos):
    path, network = model
    folder, pictures = photos
    with torch.no_grad():
        target = written(tmp_path / "target", to_pictures(network(to_tensor(pictures))))
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    done = evaluate(path, folder, target, "--inception", inception, "--json")
    (folder / "cut.jpg").unlink()
    assert done.returncode == 0, done.stderr
    assert "1 left out" in done.stderr
    result = json.loads(done.stdout)
    assert result["model"] == "tiny" and result["n"] == {"source": 6, "target": 6}
    assert (result["kid_subsets"], result["kid_subset_size"]) == (100, 3)
    # another process may round a byte the other way
    assert 0 <= result["translated"]["fid_768"] < 1e-3 * result["untouched"]["fid_768"]
    # the unbiased estimate of equal sets lies below 0: their pairs hold a picture with itself
    assert result["translated"]["kid_768_x100"] < 0 < result["untouched"]["kid_768_x100"]
    info = json.loads(pocketstyle("info", path, "--json").stdout)
    assert all(result[key] == info[key] for key in ("macs", "params", "predicted_ms"))


def test_a_bundle_plays_its_own_weights(tmp_path, inception, photos):
    folder, _ = photos
    assert (
        pocketstyle(
            "stylize", folder, "-m", "heads", "--fit", "crop", "-o", tmp_path / "out"
        ).returncode
        == 0
    )
    done = evaluate("heads", folder, tmp_path / "out", "--inception", inception)
    assert done.returncode == 0, done.stderr
    translated, untouched = (line for line in done.stdout.splitlines() if "source" in line)
    assert "translated" in translated and " 6 " in translated and " 0.000 " in translated
    assert "as it is" in untouched and " 6 " in untouched and " 0.000 " not in untouched
    assert "6 pictures" in done.stdout and "100 subsets of 3" in done.stdout
    assert "MMACs" in done.stdout and "s10" in done.stdout


def test_mistakes(tmp_path, inception, model, photos):
    path, _ = model
    folder, _ = photos
    fails(evaluate(path, folder, folder), 2, "--inception", "2015-12-05", "docs/data.md")
    given = ("--inception", inception)
    fails(evaluate("nonesuch", folder, folder, *given), 2, "nonesuch", "heads-teacher")
    fails(evaluate("spec.json", folder, folder, *given), 2, "spec.json", "no weights")
    fails(evaluate(path, tmp_path / "none", folder, *given), 1, "no such folder", "none")
    none = ("--inception", tmp_path / "none.npz")
    fails(evaluate(path, folder, folder, *none), 2, "no such file", "none.npz")
    fails(evaluate(path, folder, folder, "--inception", path), 1, "no .npz of Inception-v3")
    few = written(tmp_path / "few", [np.zeros((8, 8, 3), np.uint8)] * 3)
    done = evaluate(path, folder, few, *given)
    assert done.returncode == 1 and done.stdout == ""
    assert "few has 3 readable pictures; at least 4" in done.stderr.splitlines()[-1]
