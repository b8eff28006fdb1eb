"""The plug for a recogniser of faces."""

import math

import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.networks import build, ugatit_spec
from pocketstyle.search.config import load_config
from pocketstyle.search.face_identity import FaceIdentity
from pocketstyle.search.objectives import Paired, Unpaired

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def recogniser(tmp_path, monkeypatch):
    (tmp_path / "faces.py").write_text(
        "import torch\n"
        "def means():\n"
        "    pool = torch.nn.AdaptiveAvgPool2d(1)\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), pool, torch.nn.Flatten())\n"
        "def number():\n"
        "    return 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_the_distance_is_that_of_the_angle():
    face = FaceIdentity("faces:means", CPU)
    face.network[0] = torch.nn.Identity()
    red, yellow = torch.zeros(2, 1, 3, 8, 8)
    red[:, 0], yellow[:, :2] = 1, 1
    assert float(face(red, red)) == pytest.approx(0)
    assert float(face(red, yellow)) == pytest.approx(1 - math.cos(math.pi / 4))
    assert float(face(red, -red)) == pytest.approx(2)


@pytest.mark.parametrize("objective", [Paired, Unpaired])
def test_it_is_a_term_of_its_own(objective, toy_config):
    config = load_config(toy_config, ["train.face_id=faces:means", "train.face=2"])
    generator = build(ugatit_spec(32, 2, 1))
    task = objective(generator, config, CPU)
    x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    term = task.losses(x, y, 0)["face"]
    term.backward()
    assert float(term) > 0 and generator.stem.conv.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in task.face.network.parameters())
    assert "face" not in objective(generator, load_config(toy_config), CPU).losses(x, y, 0)


@pytest.mark.parametrize("reference", ["nosuch:means", "faces:nosuch", "faces", "faces:number"])
def test_what_is_no_recogniser_is_refused(reference):
    with pytest.raises(UsageError, match=f"train.face_id = '{reference}'"):
        FaceIdentity(reference, CPU)
