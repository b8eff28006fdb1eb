"""Gram matrices against numpy."""

import numpy as np
import torch
from pocketstyle.metrics import gram, gram_loss


def test_gram_is_the_mean_outer_product_of_pixels():
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 7))
    wanted = [sum(np.outer(p, p) for p in one.reshape(5, -1).T) / 42 for one in x]
    np.testing.assert_allclose(gram(torch.from_numpy(x)), np.stack(wanted))


def test_the_loss_is_relative_and_blind_to_places():
    rng = torch.Generator().manual_seed(0)
    a, b = (torch.rand(1, 5, 8, 8, generator=rng) for _ in range(2))
    shuffled = a.flatten(2)[:, :, torch.randperm(64, generator=rng)].reshape(a.shape)
    torch.testing.assert_close(gram_loss([a], [shuffled]), torch.zeros(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(gram_loss([9 * a], [9 * b]), gram_loss([a], [b]))
    torch.testing.assert_close(gram_loss([torch.zeros_like(a)], [b]), torch.ones(1))
    one, other = gram_loss([a], [b]), gram_loss([b], [a])
    torch.testing.assert_close(gram_loss([a, b], [b, a]), (one + other) / 2)
