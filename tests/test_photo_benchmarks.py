"""What photorealistic networks are timed against computes what its papers describe."""

import numpy as np
import pytest
import torch
from pocketstyle.networks import build, photo_spec
from pocketstyle.networks.photo import PHOTONET
from predecessors import (
    RIDGE,
    SMOOTHNESS,
    Cascade,
    PlainWct,
    Wavelet,
    matting_affinity,
    smoothed,
)

STAGES = (4, 6, 8, 10, 12)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return build(photo_spec(PHOTONET, 64, STAGES)).encoder.eval()


@pytest.mark.parametrize("kind", [Cascade, Wavelet])
@torch.no_grad()
def test_pictures_in_pictures_out(encoder, kind):
    torch.manual_seed(0)
    content, style = torch.rand(1, 3, 32, 48), torch.rand(1, 3, 48, 32)
    made = kind(encoder).eval()(content, style)
    assert made.shape == content.shape and made.isfinite().all()
    assert (made - kind(encoder).eval()(content, content)).abs().max() > 1e-3


def test_plain_whitening_is_the_formula():
    """With directions that are not there at all, which the cut leaves out."""
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 1, 6, 20, 30, generator=rng, dtype=torch.float64)
    x, y = (one @ torch.eye(30, dtype=torch.float64) for one in (x, y))
    x[:, 5] = x[:, 4]  # rank five
    made = PlainWct().between(x, y)[0].flatten(1).numpy()
    flat, style = x[0].flatten(1).numpy(), y[0].flatten(1).numpy()
    values, vectors = np.linalg.eigh(np.cov(flat))
    there = values > 1e-5 * values.max()
    assert there.sum() == 5
    white = (vectors[:, there] / np.sqrt(values[there])) @ vectors[:, there].T
    wanted_values, wanted_vectors = np.linalg.eigh(np.cov(style))
    root = (wanted_vectors * np.sqrt(wanted_values)) @ wanted_vectors.T
    wanted = root @ white @ (flat - flat.mean(1, keepdims=True)) + style.mean(1, keepdims=True)
    np.testing.assert_allclose(made, wanted, rtol=1e-6, atol=1e-6)


def test_haar_bands_are_the_whole(encoder):
    wavelet, x = Wavelet(encoder), torch.rand(1, 6, 8, 10)
    low, high = wavelet.pooled(x)
    torch.testing.assert_close(low, 2 * torch.nn.functional.avg_pool2d(x, 2))
    torch.testing.assert_close(wavelet.unpooled(low, high), x)


def test_the_affinity_is_levins_formula():
    """Equation 12 of the matting paper, window by window."""
    picture = np.random.default_rng(0).uniform(size=(4, 5, 3))
    found = matting_affinity(picture).toarray()
    wanted = np.zeros((20, 20))
    for top in range(2):
        for left in range(3):
            places = [5 * (top + i) + left + j for i in range(3) for j in range(3)]
            colours = picture.reshape(-1, 3)[places]
            mean = colours.mean(0)
            inverse = np.linalg.inv(np.cov(colours.T, bias=True) + RIDGE / 9 * np.eye(3))
            for a, i in enumerate(places):
                for b, j in enumerate(places):
                    near = (colours[a] - mean) @ inverse @ (colours[b] - mean)
                    wanted[i, j] += (1 + near) / 9
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


def test_smoothing_is_the_papers_closed_form():
    """R = (1 - a) (I - a S)^-1 Y, by numpy's dense inverse."""
    rng = np.random.default_rng(0)
    content, made = rng.uniform(size=(2, 6, 7, 3))
    affinity = matting_affinity(content).toarray()
    root = np.diag(affinity.sum(1) ** -0.5)
    share = 1 - SMOOTHNESS
    inverse = np.linalg.inv(np.eye(42) - share * root @ affinity @ root)
    wanted = ((1 - share) * inverse @ made.reshape(-1, 3)).reshape(made.shape)
    np.testing.assert_allclose(smoothed(made, content), wanted, rtol=0.02, atol=0.01)
