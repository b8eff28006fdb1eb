"""Faces from frame to frame: steadied, told apart, kept through gaps, let go."""

import math

import numpy as np
import pytest
from pocketstyle.sdk.faces import Alignment, Tracker

RNG = np.random.default_rng(0)
STEP = 1 / 30


def noisy(place: Alignment) -> Alignment:
    x, y, side, angle = RNG.normal(0, 1, 4) * (1, 1, 2, 0.02)
    return Alignment(place.x + x, place.y + y, place.side + side, place.angle + angle)


def numbers(place: Alignment) -> list[float]:
    return [place.x, place.y, place.side, place.angle]


def test_the_first_sight_is_taken_as_it_is():
    place = Alignment(100, 80, 60, 0.3)
    assert numbers(Tracker()([place], 1.0)[0]) == pytest.approx(numbers(place))


def test_every_number_of_a_resting_face_gets_steadier():
    place, tracker = Alignment(100, 80, 60, 0.3), Tracker()
    seen = [noisy(place) for _ in range(300)]
    made = [tracker([one], i * STEP)[0] for i, one in enumerate(seen)]
    raw, smooth = (np.array([numbers(one) for one in some[50:]]) for some in (seen, made))
    assert (smooth.std(0) < 0.6 * raw.std(0)).all()
    assert smooth.mean(0) == pytest.approx(numbers(place), rel=0.02)


def test_two_faces_in_any_order_keep_their_own():
    tracker = Tracker()
    left, right = Alignment(100, 80, 60, 0.0), Alignment(150, 90, 70, 0.2)
    for i in range(40):
        pair = [noisy(left), noisy(right)]
        places = tracker(pair[:: RNG.choice([-1, 1])], i * STEP)
        assert len(places) == 2
    for place, expected in zip(sorted(places, key=lambda p: p.x), (left, right), strict=True):
        assert math.dist((place.x, place.y), (expected.x, expected.y)) < 2
        assert place.side == pytest.approx(expected.side, abs=3)


def test_a_walking_face_is_one_face():
    tracker = Tracker()
    for i in range(60):
        places = tracker([Alignment(20 + 4 * i, 50, 40, 0.0)], i * STEP)
        assert len(places) == 1
    assert abs(places[0].x - (20 + 4 * 59)) < 8  # a fifth of the crop


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    place, tracker = Alignment(100, 80, 60, 0.0), Tracker()
    tracker([place], 0.0)
    for seconds in (0.2, 0.4):
        (held,) = tracker([], seconds)
        assert numbers(held) == pytest.approx(numbers(place))
    assert tracker([], 0.41) == []
    tracker([place], 1.0)
    assert 100 < tracker([Alignment(104, 80, 60, 0.0)], 1.3)[0].x < 104  # the filters went on


def test_what_is_far_off_is_another_face():
    tracker = Tracker()
    tracker([Alignment(100, 80, 60, 0.0)], 0.0)
    places = tracker([Alignment(140, 80, 60, 0.0)], STEP)
    assert sorted(place.x for place in places) == pytest.approx([100, 140])


def test_going_back_in_time_begins_anew():
    tracker = Tracker()
    tracker([Alignment(100, 80, 60, 0.0)], 5.0)
    assert tracker([Alignment(110, 80, 60, 0.0)], 0.0)[0].x == pytest.approx(110)


def test_angles_go_round():
    tracker = Tracker()
    for i, angle in enumerate((3.1, -3.1, 3.1, -3.1)):
        (place,) = tracker([Alignment(100, 80, 60, angle)], i * STEP)
        assert math.cos(place.angle) < -0.99
