"""SSIM against scikit-image."""

import numpy as np
import pytest
import torch
from pocketstyle.metrics import ssim
from skimage.data import astronaut
from skimage.metrics import structural_similarity


def test_equals_scikit_image():
    picture = astronaut()[:96, :80].astype(np.float64) / 127.5 - 1
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 0.3, picture.shape), -1, 1)
    expected, full = structural_similarity(
        picture,
        noisy,
        channel_axis=2,
        data_range=2.0,
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
    )
    x, y = (torch.from_numpy(p).permute(2, 0, 1)[None] for p in (picture, noisy))
    # scikit-image averages where its window of 11 fits, as we do
    assert float(ssim(x, y)) == pytest.approx(expected, abs=1e-6)
    assert full.shape == picture.shape


def test_is_one_for_equal_pictures_and_falls_with_noise():
    x = torch.rand(3, 3, 32, 32) * 2 - 1
    assert ssim(x, x).tolist() == pytest.approx([1.0, 1.0, 1.0])
    noise = torch.randn_like(x)
    assert (ssim(x, x + 0.1 * noise) > ssim(x, x + 0.5 * noise)).all()
