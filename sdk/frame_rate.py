"""Holding a frame rate: the best of several bundles that is fast enough, in heat and cold."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Self

import numpy as np

from ..errors import UsageError
from ..frames import Frame
from .bundle import Fit
from .stylizer import Stylizer

WARM_UP, TRIALS = 1, 5  # frames of noise, of each bundle, before the first real one
WINDOW = 15  # frames whose median decides; one slow frame changes nothing
ROOM = 0.8  # of a frame's time that a dearer bundle may be expected to take, to be tried again
PATIENCE = 5.0  # seconds that it has to look so


class FrameRateStylizer:
    """Plays the dearest of several bundles of the same frames that holds a frame rate.

    Where the network in use gets too slow, as on a phone that heats up, the next cheaper one takes
    its place. A dearer one comes back when the device is so much faster again that it would leave
    room, for a while on end: what a bundle takes is expected to grow and fall with what the one
    in use takes. So it does not swing to and fro between two.

        with Stylizer.for_frame_rate(30, ["large.tflite", "small.tflite"]) as stylizer:
            stylizer.stylize(frame)

    Attributes:
        stylizers: from the dearest to the cheapest, by what they took at first.
        place: of the one in use among them.
    """

    def __init__(
        self,
        stylizers: Sequence[Stylizer],
        frames_per_second: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Measure each bundle for some frames, and begin with the dearest that is fast enough.

        Args:
            stylizers: of the same frames and one kind, all of them with or without a style.
            frames_per_second: above 0, that the networks alone have to hold.
            clock: seconds.

        Raises:
            UsageError: there are none, they are of other frames or kinds, or the rate is not
                above 0.
        """
        if not frames_per_second > 0:
            raise UsageError(f"{frames_per_second} frames a second; the rate is above 0")
        kinds = {(one.frames, one.takes_style) for one in stylizers}
        if len(kinds) != 1:
            raise UsageError("a frame rate is held by bundles of the same frames and one kind")
        self._clock, self._limit = clock, 1 / frames_per_second
        noise = np.random.default_rng(0).integers(0, 256, (*stylizers[0].frames[0], 3), np.uint8)
        taken = {id(one): self._trial(one, noise) for one in stylizers}
        self.stylizers = sorted(stylizers, key=lambda one: -taken[id(one)])
        self._cool = [taken[id(one)] for one in self.stylizers]
        fast = [place for place, seconds in enumerate(self._cool) if seconds <= self._limit]
        self._start(fast[0] if fast else len(self.stylizers) - 1)

    @property
    def current(self) -> Stylizer:
        """The one in use."""
        return self.stylizers[self.place]

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self.current.frames

    @property
    def size(self) -> int:
        return self.current.size

    def fit_of(self, fit: Fit | None) -> Fit:
        """As `Stylizer.fit_of`."""
        return self.current.fit_of(fit)

    def frame_for(self, height: int, width: int, fit: Fit | None = None) -> Frame:
        """As `Stylizer.frame_for`."""
        return self.current.frame_for(height, width, fit)

    @property
    def takes_style(self) -> bool:
        return self.current.takes_style

    @property
    def may_draw_portraits(self) -> bool:
        return self.current.may_draw_portraits

    def set_style(self, *arguments: Any, **named: Any) -> None:
        """As `Stylizer.set_style`, of every bundle."""
        for one in self.stylizers:
            one.set_style(*arguments, **named)

    def set_styles(self, *arguments: Any, **named: Any) -> None:
        """As `Stylizer.set_styles`, of every bundle."""
        for one in self.stylizers:
            one.set_styles(*arguments, **named)

    def stylize(
        self, rgb: np.ndarray, fit: Fit | None = None, out: np.ndarray | None = None
    ) -> np.ndarray:
        """As `Stylizer.stylize`."""
        return self._timed(lambda: self.current.stylize(rgb, fit, out))

    def apply(self, picture: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """As `Stylizer.apply`."""
        return self._timed(lambda: self.current.apply(picture, out))

    def close(self) -> None:
        """Free all networks' memory."""
        for one in self.stylizers:
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _trial(self, stylizer: Stylizer, noise: np.ndarray) -> float:
        if stylizer.takes_style:
            stylizer.set_style(noise)
        seconds = []
        for _ in range(WARM_UP + TRIALS):
            began = self._clock()
            stylizer.apply(noise)
            seconds.append(self._clock() - began)
        if stylizer.takes_style:
            stylizer.clear_style()
        return median(seconds[WARM_UP:])

    def _start(self, place: int) -> None:
        self.place = place
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._roomy_since: float | None = None

    def _timed(self, play: Callable[[], np.ndarray]) -> np.ndarray:
        began = self._clock()
        made = play()
        now = self._clock()
        self._recent.append(now - began)
        if len(self._recent) == WINDOW:
            self._reconsider(median(self._recent), now)
        return made

    def _reconsider(self, seconds: float, now: float) -> None:
        if seconds > self._limit:
            if self.place + 1 < len(self.stylizers):
                self._start(self.place + 1)
            return
        heat = seconds / self._cool[self.place]
        if self.place == 0 or self._cool[self.place - 1] * heat > ROOM * self._limit:
            self._roomy_since = None
        elif self._roomy_since is None:
            self._roomy_since = now
        elif now - self._roomy_since >= PATIENCE:
            self._start(self.place - 1)
