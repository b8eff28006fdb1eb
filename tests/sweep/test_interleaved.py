from itertools import count, cycle
from statistics import mean, stdev

import pytest

pytest.importorskip("torch")

from pocketstyle.latency_model.measuring.measurement import MAX_ROUNDS
from pocketstyle.sweep.interleaved import MIN_ROUNDS, interleave, kept


def logged(ms, name, log):
    def run():
        log.append(name)
        return ms

    return run


def test_models_run_in_turns_until_their_intervals_are_tight():
    log = []
    rounds = interleave(logged(20.0, "R", log), [logged(30.0, "a", log), logged(5.0, "b", log)])
    assert [mean(found) for found in rounds] == pytest.approx([20.0, 30.0, 5.0])
    assert [len(found) for found in rounds] == [MIN_ROUNDS] * 3
    assert "".join(log) == "RRRaaabbb" * (1 + MIN_ROUNDS)  # once for warmth; three runs in a burst


def test_a_burst_lasts_ten_milliseconds():
    log = []
    interleave(logged(0.5, "R", log), [logged(20.0, "a", log)])
    assert log.count("R") == 20 * (1 + MIN_ROUNDS)


def test_only_a_noisy_model_gets_more_rounds():
    # bursts of 20 and 24 ms in turn; a burst is three runs
    noisy = cycle([20.0] * 3 + [24.0] * 3)
    reference, first, second = interleave(lambda: 10.0, [noisy.__next__, lambda: 20.0])
    assert len(first) == len(reference) == MAX_ROUNDS and len(second) == MIN_ROUNDS


def test_a_drift_of_the_computer_cancels():
    clock = count()

    def drifting(ms):
        return lambda: ms * 1.004 ** next(clock)  # 6 runs, or 2.4 %, a round

    reference, other = interleave(drifting(10.0), [drifting(30.0)])
    assert stdev(reference) > 0.03 * mean(reference)
    assert stdev(other) < 1e-9 * mean(other)
    assert mean(other) / mean(reference) == pytest.approx(3 * 1.004**3)


def test_rounds_of_another_program_are_dropped():
    assert kept([2.0, 2.1, 1.9, 3.3, 2.9, 1.2]) == [2.0, 2.1, 1.9, 2.9]
    assert kept([1.0, 2.0, 4.0, 8.0, 16.0]) == [1.0, 2.0, 4.0, 8.0, 16.0]
