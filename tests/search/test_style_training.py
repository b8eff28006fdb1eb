"""One style: students of teachers of another family, and networks for a painting of one's own."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.latency_model import SpeedModel
from pocketstyle.metrics import gram
from pocketstyle.networks import ModelCard, build, fast_style_spec, load, save
from pocketstyle.search import load_config, search, train
from pocketstyle.search.perception import Perception


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six photos of coloured noise, a teacher that swaps colours, a painting."""
    folder, rng = tmp_path_factory.mktemp("style"), np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(6):
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC)
        picture.save(folder / "photos" / f"{i}.png")
    painting = np.zeros((40, 60, 3), np.uint8)
    painting[::4], painting[:, ::4] = (250, 200, 0), (0, 0, 200)
    Image.fromarray(painting).save(folder / "painting.png")
    Image.new("RGB", (50, 50), (10, 200, 30)).save(folder / "one-colour.png")
    torch.manual_seed(0)
    save(folder / "teacher.safetensors", build(fast_style_spec(32, 4, 1)), ModelCard("teacher"))
    return folder


def settings(folder, *more):
    config = load_config(
        "style",
        [
            f"data.source={folder / 'photos'}",
            "data.size=32",
            "network.base=12",
            "network.blocks=1",
            "train.checkpoint_every=2",
            f"search.teacher={folder / 'teacher.safetensors'}",
            *more,
        ],
    )
    train = config.train.model_copy(update={"start": None})  # of other widths
    return config.model_copy(update={"train": train})


def test_a_student_of_another_family_is_searched_and_taught(folder, tmp_path):
    """The whole job; a run that was stopped and resumed gives the same weights."""
    changes = [
        "search.steps=6",
        "search.warm_up=0.5",
        "search.fine_tune_steps=4",
        "search.mask_rate=0.05",
        "search.target_ms=4.6",
        "search.bank=3",
        "search.batch=2",
    ]
    config = settings(folder, *changes)
    model = search(config, tmp_path / "whole", resume=False, report=lambda *_: None)
    student, _ = load(model)
    assert student.spec.family == "mobile-style"
    predicted = SpeedModel.load("s10").latency(list(student.kernels()))
    assert 0.9 * 4.6 <= float(predicted) <= 4.6
    lines = (tmp_path / "whole/metrics.jsonl").read_text().splitlines()
    terms = [json.loads(line) for line in lines]
    assert {"l1", "structure", "content", "style", "temporal"} <= terms[-1].keys()
    assert "features" not in terms[-1]

    class Stopped(Exception):
        pass

    def stop(stage, done, total):
        if stage == "search" and done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        search(config, tmp_path / "parts", resume=False, report=stop)
    again = search(config, tmp_path / "parts", resume=True, report=lambda *_: None)
    resumed = load(again)[0].state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in student.state_dict().items())


def test_a_painting_of_ones_own_is_learnt(folder, tmp_path):
    config = settings(
        folder,
        f"data.style={folder / 'painting.png'}",
        "train.steps=60",
        "train.batch=2",
        "train.style=10",
        "train.learning_rate=5e-3",
        "train.average=0",
    )
    train(config, tmp_path / "own", resume=False, report=lambda *_: None)
    lines = (tmp_path / "own/metrics.jsonl").read_text().splitlines()
    style = [json.loads(line)["style"] for line in lines]
    assert style[-1] < 0.7 * style[0]


def test_a_painting_of_one_colour_is_refused(folder, tmp_path):
    for style, words in (("one-colour.png", "of one colour"), ("none.png", "none.png")):
        config = settings(folder, f"data.style={folder / style}")
        with pytest.raises(PocketstyleError, match=words):
            train(config, tmp_path / style, resume=False, report=lambda *_: None)
        assert not (tmp_path / style / "model.safetensors").exists()
    with pytest.raises(UsageError, match=r"needs data\.style"):
        train(settings(folder), tmp_path / "without", resume=False, report=lambda *_: None)


def test_perception_measures_content_and_style_apart():
    """Against the formulas in numpy; a picture shifted keeps its style and loses its content."""
    perception = Perception(None, torch.device("cpu"))
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32))
    x = torch.nn.functional.avg_pool2d(x, 3, 1, 1) * 2
    y = x.roll((16, 16), (2, 3))
    seen, moved = perception.maps(x), perception.maps(y)
    content = np.mean(
        [
            ((a - b) ** 2).mean() / (b**2).mean()
            for a, b in ((seen[i].double().numpy(), moved[i].double().numpy()) for i in (1, 2, 3))
        ]
    )
    assert float(perception.content(seen, moved)) == pytest.approx(content, rel=1e-4)
    errors = [
        float((gram(a) - gram(b)).square().sum() / gram(b).square().sum())
        for a, b in zip(seen, moved, strict=True)
    ]
    assert float(perception.style(seen, moved)) == pytest.approx(np.mean(errors), rel=1e-4)
    assert float(perception.style(seen, moved)) < 0.1 * content
