"""The built-in configuration `comic`: pairs of pictures, a U-net, and its search for a phone."""

import numpy as np
import pytest
import torch
from PIL import Image
from pocketstyle.latency_model import SpeedModel
from pocketstyle.networks import build, load, unet_spec
from pocketstyle.search import load_config, search, train
from pocketstyle.search.objectives import Paired
from pocketstyle.search.steadiness import unsteadiness
from skimage.metrics import structural_similarity


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Six photos of coloured noise, and their negatives."""
    folder, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    for part in ("photo", "comic"):
        (folder / part).mkdir()
    for i in range(6):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        photo = np.asarray(coarse.resize((64, 64), Image.Resampling.BICUBIC))
        Image.fromarray(photo).save(folder / f"photo/{i}.png")
        Image.fromarray(255 - photo).save(folder / f"comic/{i}.png")
    return folder


def settings(pairs, *more):
    changes = [
        f"data.source={pairs / 'photo'}",
        f"data.target={pairs / 'comic'}",
        "data.size=32",
        "network.base=4",
        "network.blocks=1",
        "train.checkpoint_every=2",
    ]
    return load_config("comic", [*changes, *more])


def quietly(stage, done, total):
    """No progress."""


def test_the_terms_are_the_formulas(pairs):
    """L1 and edges in numpy, structure by scikit-image."""
    config = settings(pairs, "train.temporal=0.5", "train.precision=float32")
    torch.manual_seed(0)
    network = build(unet_spec(32, 4, 1)).eval()
    x, y = (torch.rand(2, 3, 32, 32) * 2 - 1 for _ in range(2))
    objective = Paired(network, config, torch.device("cpu"))
    terms = objective.losses(x, y, step=3)
    made = network(x).detach()
    ours, wanted = (t.permute(0, 2, 3, 1).double().numpy() for t in (made, y))
    similar = [
        structural_similarity(
            a,
            b,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=2,
            data_range=2,
            K2=config.train.structure_k2,
        )
        for a, b in zip(ours, wanted, strict=True)
    ]
    rows, columns = (
        np.abs(np.diff(ours, axis=axis) - np.diff(wanted, axis=axis)).mean() for axis in (1, 2)
    )
    weights = config.train
    expected = {
        "l1": weights.l1 * np.abs(ours - wanted).mean(),
        "structure": weights.structure * (1 - np.mean(similar)),
        "edges": weights.edges * (rows + columns),
        "temporal": 0.5 * float(unsteadiness(network, x, made, [weights.seed, 3, 3, 1]).detach()),
    }
    assert {name: float(term.detach()) for name, term in terms.items()} == pytest.approx(
        expected, rel=1e-4
    )


def test_train_and_search_the_built_in_configuration(pairs, tmp_path):
    """The whole job at its smallest: a supernet, and a student below the target."""
    config = settings(pairs, "network.base=8", "train.steps=4")
    trained = train(config, tmp_path / "trained", resume=False, report=quietly)
    supernet, _ = load(trained)
    full = float(SpeedModel.load("s10").latency(list(supernet.kernels())))
    config = settings(
        pairs,
        "network.base=8",
        f"train.start={trained}",
        f"search.target_ms={0.97 * full}",
        "search.steps=6",
        "search.mask_rate=0.05",
        "search.fine_tune_steps=2",
    )
    student, card = load(search(config, tmp_path / "searched", resume=False, report=quietly))
    assert student.spec.family == "unet"
    assert float(SpeedModel.load("s10").latency(list(student.kernels()))) <= 0.97 * full
    assert card.provenance["searched_from"]["spec"] == supernet.spec.to_json()


def test_the_mean_reaches_every_place(pairs):
    """What one corner shows changes what is drawn in the other one, far beyond the convolutions."""
    torch.manual_seed(0)
    network = build(unet_spec(512, 4, 1)).eval()
    x = torch.rand(1, 3, 512, 512) * 2 - 1
    changed = x.clone()
    changed[..., :64, :64] = 1.0
    with torch.no_grad():
        far = (network(x) - network(changed)).abs()[..., 448:, 448:].max()
        network.context = None
        without = (network(x) - network(changed)).abs()[..., 448:, 448:].max()
    assert far > 0 and without == 0
