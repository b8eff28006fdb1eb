"""KID against the sums of its definition, written as loops."""

import numpy as np
import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.metrics import kid


def draw(n, d=6, seed=0, shift=0.0):
    return torch.from_numpy(np.random.default_rng(seed).normal(shift, 1, (n, d)))


def loops(x, y):
    def k(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    between = sum(k(a, b) for a in x for b in y) / (n * m)
    return within_x + within_y - 2 * between


@pytest.mark.parametrize("n", [2, 11])
def test_equals_the_definition_on_the_whole_sets(n):
    x, y = draw(n), draw(n, seed=1, shift=0.3)
    mean, deviation = kid(x, y, subsets=3, subset_size=n, seed=0)
    assert mean == pytest.approx(loops(x.tolist(), y.tolist()), rel=1e-9)
    assert deviation == pytest.approx(0, abs=1e-12)  # a subset of all is always the same


def test_subsets_are_drawn_without_repetition_and_by_the_seed():
    x, y = draw(3), draw(3, seed=1, shift=1.0)
    pairs = ([0, 1], [0, 2], [1, 2])
    possible = [loops(x[i].tolist(), y[j].tolist()) for i in pairs for j in pairs]
    for seed in range(9):
        assert min(abs(kid(x, y, 1, 2, seed)[0] - value) for value in possible) < 1e-9
    mean, deviation = kid(x, y, 4000, 2, 0)
    assert mean == pytest.approx(np.mean(possible), rel=0.05)
    assert deviation == pytest.approx(np.std(possible), rel=0.05)
    assert kid(x, y, 4000, 2, 0) == (mean, deviation) != kid(x, y, 4000, 2, 1)


def test_has_no_bias_however_small_the_subsets():
    same = [kid(draw(40, seed=s), draw(40, seed=1000 + s), 1, 4, s)[0] for s in range(2000)]
    error = np.std(same) / len(same) ** 0.5
    assert abs(np.mean(same)) < 4 * error
    other = [kid(draw(40, seed=s), draw(40, seed=s, shift=1), 1, 4, s)[0] for s in range(200)]
    assert np.mean(other) > 20 * error


def test_what_cannot_be_compared_is_refused():
    for size in (1, 10):
        with pytest.raises(UsageError, match=f"subsets of {size} pictures.*here of 9"):
            kid(draw(9), draw(12), 5, size, 0)
    with pytest.raises(UsageError, match="6 and of 7"):
        kid(draw(9), draw(9, 7), 5, 4, 0)
