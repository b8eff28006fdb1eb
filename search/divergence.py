"""A training that runs away: noticed, taken back once, then stopped with advice."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..errors import TrainingDiverged
from .group import Group
from .run_directory import RunDirectory
from .stopping import interrupted, stop_asked

FIRST = 100  # steps whose median loss is the measure of later ones
BEYOND, FOR_STEPS = 10.0, 50  # times that median, for so many steps in a row
FLAT = 0.02  # deviation of pictures that say nothing, on -1..1
SLOWER = 0.5  # the learning rates after the rollback


class Runaway:
    """Notices that something has been out of range for `FOR_STEPS` steps in a row."""

    def __init__(self) -> None:
        self.beyond = 0

    @property
    def calm(self) -> bool:
        """Whether it was in range at last: nothing else is worth a checkpoint."""
        return self.beyond == 0

    def count(self, out_of_range: bool, what: str, step: int) -> None:
        """Raises: TrainingDiverged: for too long."""
        self.beyond = self.beyond + 1 if out_of_range else 0
        if self.beyond >= FOR_STEPS:
            self.beyond = 0
            raise TrainingDiverged(
                f"{what} for {FOR_STEPS} steps up to step {step}; lower the learning rate"
            )


class PictureWatch(Runaway):
    """Notices pictures of one colour: a generator that has collapsed."""

    def see(self, deviation: float, step: int) -> None:
        """Raises: TrainingDiverged: out of range for `FOR_STEPS` steps.

        Args:
            deviation: of the values in a batch of pictures, -1..1.
        """
        self.count(deviation < FLAT, f"the pictures have been of one colour (below {FLAT:g})", step)


class LossWatch(Runaway):
    """Notices a loss that is finite and yet lost: far beyond where it began, and staying there.

    The adversarial terms swing by a factor of a few; what stays at ten times does not come back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first: list[float] = []

    def see(self, loss: float, step: int) -> None:
        """Raises: TrainingDiverged: out of range for `FOR_STEPS` steps."""
        if len(self.first) < FIRST:
            self.first.append(loss)
            return
        limit = BEYOND * median(self.first)
        what = f"the loss has been above {limit:.4g}, {BEYOND:g} times what it began with,"
        self.count(loss > limit, what, step)


@dataclass
class Pace:
    """What the learning rates are multiplied by: 1, or `SLOWER` after a rollback."""

    slower: float = 1.0


def run_steps(
    start: int,
    total: int,
    step: Callable[[int], None],
    pace: Pace,
    run: RunDirectory,
    take_up: Callable[[dict[str, Any]], int],
    keep: Callable[[int], None],
) -> None:
    """Do the steps from `start` to `total`; a first divergence is taken back, at a slower pace.

    SIGINT, SIGTERM and SIGHUP end it after the step under way, in all processes of a training.

    Args:
        step: does the step of this number.
        run: where the last checkpoint is.
        take_up: goes on from a checkpoint, its pace included, and gives its step.
        keep: writes a checkpoint after so many steps, unless the run is out of range.

    Raises:
        TrainingDiverged: where it cannot be taken back.
        Interrupted: by a signal.
    """
    number, group = start, Group()
    with stop_asked(run.path) as stop:
        while number < total:
            try:
                step(number)
            except TrainingDiverged as error:
                if pace.slower < 1 or (state := run.restore()) is None:
                    raise
                number, pace.slower = take_up(state), SLOWER
                print(
                    f"{error}; once more from step {number} at {SLOWER:g} times the learning rates",
                    file=sys.stderr,
                )
                continue
            number += 1
            if group.any(bool(stop.asked)):
                keep(number)
                said = f" after step {number} of {total}, {run.kept} are kept"
                raise interrupted(run.path, stop.asked or signal.SIGTERM, said)
