"""Holding a frame rate, by a clock and a device that are simulated, and with real bundles."""

import numpy as np
import pytest
from pocketstyle.errors import UsageError
from pocketstyle.sdk import Stylizer
from pocketstyle.sdk.frame_rate import PATIENCE, WINDOW, FrameRateStylizer

FRAME = np.zeros((8, 8, 3), np.uint8)


class Device:
    """Time passes as networks run, more of it the hotter it is."""

    def __init__(self):
        self.now, self.heat = 0.0, 1.0

    def clock(self) -> float:
        return self.now


class Network:
    """What takes so many milliseconds when the device is cool."""

    frames, takes_style = ((8, 8),), False

    def __init__(self, device: Device, ms: float):
        self.device, self.ms, self.closed = device, ms, False

    def apply(self, square, out=None):
        self.device.now += self.ms / 1000 * self.device.heat
        return square

    def stylize(self, rgb, fit="crop", out=None):
        return self.apply(rgb)

    def close(self):
        self.closed = True


def family(device: Device, *ms: float, fps: float = 30) -> FrameRateStylizer:
    return FrameRateStylizer([Network(device, one) for one in ms], fps, device.clock)


def play(stylizer: FrameRateStylizer, seconds: float) -> list[float]:
    """What each frame's network takes when cool, at 30 frames a second."""
    used = []
    for _ in range(round(30 * seconds)):
        began = stylizer._clock()
        used.append(stylizer.current.ms)
        stylizer.apply(FRAME)
        device = stylizer.current.device
        device.now = max(device.now, began + 1 / 30)
    return used


@pytest.mark.parametrize(("ms", "chosen"), [((10, 50, 30), 30), ((50, 40), 40), ((1, 2, 3), 3)])
def test_the_dearest_that_holds_the_rate_begins(ms, chosen):
    assert family(Device(), *ms).current.ms == chosen


def test_it_gives_way_while_the_device_is_hot_and_comes_back():
    device = Device()
    stylizer = family(device, 30, 20, 10)
    assert set(play(stylizer, 2)) == {30}
    device.heat = 1.5  # 45, 30 and 15 ms: the middle one holds 33
    used = play(stylizer, 10)
    assert used[WINDOW:] == [20] * len(used[WINDOW:])
    device.heat = 2.5  # 25 ms for the cheapest alone
    assert set(play(stylizer, 10)[2 * WINDOW :]) == {10}
    device.heat = 0.85  # 25.5 ms for the dearest: below .8 of 33
    used = play(stylizer, 3 * PATIENCE + 5)
    assert used[-1] == 30 and sorted(set(used)) == [10, 20, 30]
    assert used == sorted(used)  # step by step, none of them back


def test_it_does_not_swing_between_two():
    """The dearer one would hold the rate barely; the cheaper one stays."""
    device = Device()
    stylizer = family(device, 30, 10)
    device.heat = 1.2  # 36 ms
    play(stylizer, 5)
    device.heat = 1.05  # 31.5 ms: fast enough, without room
    assert set(play(stylizer, 60)) == {10}


def test_a_slow_frame_changes_nothing():
    device = Device()
    stylizer = family(device, 30, 10)
    for _ in range(10):
        play(stylizer, 1)
        device.heat = 10
        stylizer.apply(FRAME)
        device.heat = 1
    assert stylizer.current.ms == 30


def test_real_bundles(tiny):
    bundles = [tiny.path, tiny.path]
    frame = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    with Stylizer.for_frame_rate(1, bundles) as held, Stylizer.load(tiny.path) as plain:
        assert held.size == plain.size and not held.takes_style
        assert (held.stylize(frame) == plain.stylize(frame)).all()
    with pytest.raises(UsageError, match="closed"):
        held.stylize(frame)


def test_what_cannot_be_held(tiny):
    for rate in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="above 0"):
            Stylizer.for_frame_rate(rate, [tiny.path])
    with pytest.raises(UsageError, match="the same frames"):
        Stylizer.for_frame_rate(30, [])
    with pytest.raises(UsageError, match="the same frames"):
        Stylizer.for_frame_rate(30, [tiny.path, "heads"])


def test_the_trial_leaves_no_style():
    with Stylizer.for_frame_rate(1, ["artnet-256"], accelerator="cpu") as stylizer:
        with pytest.raises(UsageError, match="style picture"):
            stylizer.apply(np.zeros((256, 256, 3), np.uint8))
        stylizer.set_styles([np.full((8, 8, 3), level, np.uint8) for level in (50, 200)], [1, 1])
        assert stylizer.apply(np.zeros((256, 256, 3), np.uint8)).shape == (256, 256, 3)
