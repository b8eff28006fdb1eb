"""The 1€ filter against its paper's algorithm, written down again, and by what it is for."""

import math

import numpy as np
import pytest
from pocketstyle.sdk.faces import OneEuro

RNG = np.random.default_rng(0)


def paper(values, seconds, mincutoff, beta, dcutoff):
    """Casiez et al. 2012, algorithm 1, line by line; the rate is that of each step."""

    def alpha(rate, cutoff):
        tau, te = 1.0 / (2 * math.pi * cutoff), 1.0 / rate
        return 1.0 / (1.0 + tau / te)

    made = []
    hatx = hatdx = None
    for i, x in enumerate(values):
        if i == 0:
            dx, rate = 0.0, 1.0
        else:
            rate = 1 / (seconds[i] - seconds[i - 1])
            dx = (x - hatx) * rate
        a = alpha(rate, dcutoff)
        hatdx = dx if hatdx is None else a * dx + (1 - a) * hatdx
        cutoff = mincutoff + beta * abs(hatdx)
        a = alpha(rate, cutoff)
        hatx = x if hatx is None else a * x + (1 - a) * hatx
        made.append(hatx)
    return made


@pytest.mark.parametrize("settings", [(1.0, 0.0, 1.0), (0.5, 2.0, 1.0), (3.0, 0.1, 0.4)])
def test_it_is_the_papers(settings):
    seconds = np.cumsum(RNG.uniform(0.005, 0.2, 300))
    values = np.sin(seconds) * 3 + RNG.normal(0, 0.3, 300)
    smooth = OneEuro(*settings)
    made = [smooth(x, t) for x, t in zip(values, seconds, strict=True)]
    assert made == pytest.approx(paper(values, seconds, *settings), rel=1e-9)


def test_a_signal_at_rest_gets_steadier():
    """With beta 0 to alpha / (2 - alpha) of its variance, as every exponential mean does."""
    step, cutoff = 1 / 30, 1.0
    smooth = OneEuro(cutoff, 0.0)
    noise = RNG.normal(0, 1, 20000)
    made = np.array([smooth(x, i * step) for i, x in enumerate(noise)])[100:]
    alpha = 1 / (1 + 1 / (2 * math.pi * cutoff * step))
    assert made.var() == pytest.approx(alpha / (2 - alpha), rel=0.1)


def test_a_quick_signal_is_followed_closely():
    """The lag behind a ramp is speed / (2 pi cutoff), and beta raises the cutoff."""
    step, speed = 1 / 120, 4.0
    for beta in (0.0, 1.0):
        smooth = OneEuro(1.0, beta)
        made = [smooth(speed * i * step, i * step) for i in range(1200)]
        lag = speed * 1199 * step - made[-1]
        # the filter takes (lag + speed * step) / step for the speed
        cutoff = 1.0 + beta * (lag / step + speed)
        assert lag == pytest.approx(speed / (2 * math.pi * cutoff), rel=1e-3)
    assert lag < speed / (2 * math.pi) / 10  # of what it is without beta


def test_a_second_sample_at_the_same_time_changes_nothing():
    smooth = OneEuro(1.0, 1.0)
    assert [smooth(5.0, 0.0), smooth(9.0, 0.0)] == [5.0, 5.0]
    assert 5.0 < smooth(9.0, 0.1) < 9.0
