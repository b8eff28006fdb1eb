"""Style transforms against numpy, against each other, and on features that break naive ones."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketstyle.networks.transfers import (
    TRANSFERS,
    AdaIn,
    EigenWct,
    NewtonSchulzWct,
    blended,
    square_roots,
)
from pocketstyle.networks.transfers.wct import RIDGE

WCTS = {"wct": EigenWct, "wct-newton-schulz": NewtonSchulzWct}


def features(seed: int, c: int = 8, h: int = 24, w: int = 20) -> torch.Tensor:
    """Correlated, as those of a network are."""
    rng = torch.Generator().manual_seed(seed)
    mixed = torch.randn(c, c, generator=rng) @ torch.randn(c, h * w, generator=rng)
    return (mixed.reshape(1, c, h, w) + torch.rand(1, c, 1, 1, generator=rng)).relu()


def moments(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    flat = x[0].flatten(1).double().numpy()
    return flat.mean(1), np.cov(flat)


@pytest.mark.parametrize("name", WCTS)
def test_wct_gives_the_styles_mean_and_covariance(name):
    transfer, content, style = WCTS[name](), features(0), features(1, h=9, w=31)
    mean, covariance = moments(transfer(content, *transfer.statistics(style)))
    wanted_mean, wanted = moments(style)
    np.testing.assert_allclose(mean, wanted_mean, atol=1e-3)
    # to what the ridge leaves of the least directions
    np.testing.assert_allclose(covariance, wanted, atol=0.03 * np.abs(wanted).max())


def test_wct_is_its_formula():
    """Against numpy's eigenvectors, the ridge included."""
    content, style = features(0), features(1, h=9, w=31)

    def power(covariance, exponent):
        values, vectors = np.linalg.eigh(covariance)
        return (vectors * (values + RIDGE * np.trace(covariance)) ** exponent) @ vectors.T

    (mean, c), (wanted_mean, s) = moments(content), moments(style)
    flat = content[0].flatten(1).double().numpy() - mean[:, None]
    wanted = power(s, 0.5) @ power(c, -0.5) @ flat + wanted_mean[:, None]
    made = EigenWct()(content, *EigenWct().statistics(style))[0].flatten(1)
    np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_channels_that_are_zero_change_nothing():
    content, style = features(0), features(1)
    more = [torch.cat((x, torch.zeros(1, 3, *x.shape[2:])), 1) for x in (content, style)]
    for transfer in (one() for one in TRANSFERS.values()):
        made = transfer(content, *transfer.statistics(style))
        wider = transfer(more[0], *transfer.statistics(more[1]))
        torch.testing.assert_close(wider[:, :8], made, rtol=1e-4, atol=1e-4)


def test_adain_gives_the_styles_means_and_deviations():
    transfer, content, style = AdaIn(), features(0), features(1, h=9, w=31)
    made = transfer(content, *transfer.statistics(style))
    for one in (torch.mean, lambda x, over: x.std(over, unbiased=False)):
        torch.testing.assert_close(one(made, (2, 3)), one(style, (2, 3)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", TRANSFERS)
def test_a_content_that_is_its_own_style_stays_what_it_is(name):
    transfer, x = TRANSFERS[name](), features(0)[..., :16, :16]  # S² looks at 256 patches
    made = transfer(x, *transfer.statistics(x))
    torch.testing.assert_close(made, x, rtol=1e-3, atol=1e-3 * float(x.max()))


@pytest.mark.parametrize("c", [1, 16, 64])
def test_the_two_forms_agree(c):
    content, style = features(0, c), features(1, c)
    made = [one()(content, *one().statistics(style)) for one in WCTS.values()]
    error = float((made[0] - made[1]).square().mean())
    span = float(made[0].max() - made[0].min())
    assert 10 * np.log10(span**2 / max(error, 1e-20)) > 60  # dB


def test_roots_are_roots():
    covariance = np.cov(np.random.default_rng(0).normal(size=(6, 40)))
    root, inverse, scale = square_roots(torch.from_numpy(covariance)[None, None])
    assert float(scale) == pytest.approx(np.trace(covariance), rel=1e-4)
    covariance += RIDGE * np.trace(covariance) * np.eye(6)
    root, inverse = (root * scale.sqrt())[0, 0], (inverse * scale.rsqrt())[0, 0]
    np.testing.assert_allclose(root @ root, covariance, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(inverse @ root, np.eye(6), atol=1e-6)
    np.testing.assert_allclose(inverse @ inverse, np.linalg.inv(covariance), rtol=1e-2, atol=1e-2)


HARD = {
    "constant": lambda x: torch.full_like(x, 3.0),
    "nothing": torch.zeros_like,
    "one pixel": lambda x: x[:, :, :1, :1],
    "two pixels": lambda x: x[:, :, :1, :2],
    "rank one": lambda x: x[:, :1] * torch.arange(1.0, x.shape[1] + 1)[None, :, None, None],
    "dead channels": lambda x: x * (torch.arange(x.shape[1]) % 2)[None, :, None, None],
    "large": lambda x: 1e4 * x,
    "tiny": lambda x: 1e-4 * x,
}


@pytest.mark.parametrize("name", TRANSFERS)
@settings(max_examples=30, deadline=None)
@given(
    content=st.sampled_from(sorted(HARD)),
    style=st.sampled_from(sorted(HARD)),
    seed=st.integers(0, 99),
)
def test_nothing_hard_makes_it_other_than_finite(name, content, style, seed):
    transfer = TRANSFERS[name]()
    x, y = HARD[content](features(seed)), HARD[style](features(seed + 100))
    made = transfer(x, *transfer.statistics(y))
    assert made.shape == x.shape and made.isfinite().all()
    # nowhere further from the style's mean than its values and a few hundred pixels allow
    reach = float((y - y.mean((2, 3), keepdim=True)).abs().max()) * (1 + x[0, 0].numel()) + 1e-2
    assert float((made - y.mean((2, 3), keepdim=True)).abs().max()) <= 10 * reach


def test_large_maps_have_the_statistics_of_some_of_their_pixels():
    x = features(0, 4, 300, 130)
    mean, root = EigenWct().statistics(x)
    torch.testing.assert_close(mean[0, 0, 0], x.mean((2, 3))[0], rtol=1e-5, atol=1e-5)
    covariance = np.cov(x[0, :, ::3, ::2].flatten(1).double().numpy())
    around = x[0, :, ::3, ::2].flatten(1).mean(1) - mean[0, 0, 0]  # the mean is that of all
    wanted = covariance + np.outer(around, around)
    wanted += RIDGE * np.trace(wanted) * np.eye(4)
    np.testing.assert_allclose(root[0, 0] @ root[0, 0], wanted, rtol=1e-3, atol=1e-3)


def test_alpha_leads_from_the_content_to_the_transferred():
    content, transferred = features(0), features(1)
    torch.testing.assert_close(blended(transferred, content, 0.0), content)
    torch.testing.assert_close(blended(transferred, content, 1.0), transferred)
    torch.testing.assert_close(blended(transferred, content, 0.5), (content + transferred) / 2)


def test_a_batch_is_its_pictures():
    transfer = NewtonSchulzWct()
    content = torch.cat((features(0), features(1)))
    style = torch.cat((features(2), features(3)))
    whole = transfer(content, *transfer.statistics(style))
    for i in range(2):
        alone = transfer(content[i : i + 1], *transfer.statistics(style[i : i + 1]))
        torch.testing.assert_close(whole[i : i + 1], alone, rtol=1e-4, atol=1e-4)
