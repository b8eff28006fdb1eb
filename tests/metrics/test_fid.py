"""FID against its formula with scipy's root of a matrix, and against closed forms."""

import numpy as np
import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.metrics import fid
from scipy.linalg import sqrtm


def draw(n, d, seed):
    """Correlated features, not normal, as those of a network after its ReLUs."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.normal(0.2, 1, (n, d)) @ rng.normal(0, 1 / d**0.5, (d, d)), 0)


def formula(x, y):
    c, d = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = sqrtm(c @ d)
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(c + d - 2 * root.real)


@pytest.mark.filterwarnings("ignore:Matrix is singular")
# more pictures than channels, fewer, and one set of each kind; rank-deficient roots of a matrix
# are good to the square root of the machine's precision only
@pytest.mark.parametrize(
    ("n", "m", "close"), [(300, 200, 1e-9), (20, 30, 1e-5), (300, 20, 1e-5), (2, 2, 1e-5)]
)
def test_equals_the_formula(n, m, close):
    x, y = draw(n, 48, 0), draw(m, 48, 1)
    got = fid(torch.from_numpy(x), torch.from_numpy(y))
    assert got == pytest.approx(formula(x, y), rel=close)
    assert fid(torch.from_numpy(y), torch.from_numpy(x)) == pytest.approx(got, rel=1e-9)


@pytest.mark.parametrize("n", [10, 500])
def test_of_a_moved_and_a_stretched_copy(n):
    x = torch.from_numpy(draw(n, 64, 0))
    assert fid(x, x) == pytest.approx(0, abs=1e-9)
    step = torch.linspace(-1, 1, 64)
    assert fid(x, x + step) == pytest.approx(float(step.square().sum()))
    # C of 3 x is 9 C, whose product with C has the root 3 C
    expected = 4 * float(x.mean(0).square().sum() + x.var(0).sum())
    assert fid(x, 3 * x) == pytest.approx(expected)


def test_a_small_sample_looks_further_away():
    x, y = torch.from_numpy(draw(4000, 48, 0)).split(2000)
    assert fid(x[:50], y[:50]) > 5 * fid(x, y)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="two pictures of each set, not 1 and 9"):
        fid(torch.zeros(1, 4), torch.zeros(9, 4))
    with pytest.raises(UsageError, match="768 and of 2048"):
        fid(torch.zeros(3, 768), torch.zeros(3, 2048))
