"""2048 channels: torchmetrics' own distance, from our features and our formula."""

import numpy as np
import pytest
import torch
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.metrics import features_2048, fid, load_inception_2048
from safetensors.torch import save_file
from torch import nn

feature_extractor = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
fid_of = pytest.importorskip("torchmetrics.image.fid")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random ones: the real file is 95 MB."""
    path = tmp_path_factory.mktemp("inception") / "random.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feature_extractor, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(nn.Module, "load_state_dict", lambda *_, **__: None)
        torch.manual_seed(0)
        network = feature_extractor.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    save_file(network.state_dict(), path)
    return path


def test_the_distance_is_torchmetrics_own(weights, tmp_path):
    random = np.random.default_rng(0)
    real, fake = (random.integers(0, high, (5, 40, 40, 3), np.uint8) for high in (256, 128))
    network = load_inception_2048(weights)
    ours = fid(*(features_2048(network, pictures, 2) for pictures in (real, fake)))
    torch.save(network.state_dict(), tmp_path / "theirs.pth")
    theirs = fid_of.FrechetInceptionDistance(
        2048, feature_extractor_weights_path=str(tmp_path / "theirs.pth")
    ).set_dtype(torch.float64)
    for pictures, is_real in ((real, True), (fake, False)):
        theirs.update(torch.from_numpy(pictures).permute(0, 3, 1, 2), real=is_real)
    assert ours == pytest.approx(float(theirs.compute()), rel=1e-3)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        load_inception_2048(tmp_path / "none.safetensors")
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "pickle.pth")
    for name in ("other.safetensors", "pickle.pth"):
        with pytest.raises(FormatError, match=name):
            load_inception_2048(tmp_path / name)
