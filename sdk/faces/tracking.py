"""Faces from frame to frame: the same face keeps its filters, and a gap does not lose it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .alignment import Alignment
from .one_euro import OneEuro

MIN_CUTOFF, BETA = 1.0, 1.5  # Hz, and Hz per crop side, radian or e-fold a second
HELD = 0.4  # seconds that a face stays where it was last seen
REACH = 0.5  # of a crop's side, that a face may move between two sights of it


class _Track:
    """One face: the filters of its four numbers, and where they have it."""

    def __init__(self, seen: Alignment, seconds: float) -> None:
        self._unit = seen.side  # positions are filtered in it, so that settings fit any size
        self._filters = [OneEuro(MIN_CUTOFF, BETA) for _ in range(4)]
        self.place = seen
        self.see(seen, seconds)

    def see(self, seen: Alignment, seconds: float) -> None:
        turns = round((self.place.angle - seen.angle) / (2 * math.pi))
        measured = (
            seen.x / self._unit,
            seen.y / self._unit,
            math.log(seen.side),
            seen.angle + 2 * math.pi * turns,
        )
        x, y, side, angle = (
            smooth(value, seconds) for smooth, value in zip(self._filters, measured, strict=True)
        )
        self.place = Alignment(x * self._unit, y * self._unit, math.exp(side), angle)
        self.seen, self.seconds = seen, seconds


class Tracker:
    """Steadies the alignments of a video's faces."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._seconds = -math.inf

    def __call__(self, found: Iterable[Alignment], seconds: float) -> list[Alignment]:
        """Where the crops go in this frame: steadied, with faces that were just lost.

        Args:
            found: the faces of the frame.
            seconds: the frame's time stamp; one that is not after the last begins anew, as after a
                seek or with another clip.
        """
        if seconds <= self._seconds:
            self._tracks.clear()
        self._seconds = seconds
        found = list(found)
        pairs = sorted(
            (_distance(track.seen, face), t, f)
            for t, track in enumerate(self._tracks)
            for f, face in enumerate(found)
        )
        tracks, faces = set(range(len(self._tracks))), set(range(len(found)))
        for distance, t, f in pairs:  # the nearest first, each once
            if distance <= REACH and t in tracks and f in faces:
                self._tracks[t].see(found[f], seconds)
                tracks.remove(t)
                faces.remove(f)
        self._tracks += [_Track(found[f], seconds) for f in sorted(faces)]
        self._tracks = [track for track in self._tracks if seconds - track.seconds <= HELD]
        return [track.place for track in self._tracks]


def _distance(before: Alignment, now: Alignment) -> float:
    """Between two faces, in sides of the smaller crop."""
    return math.dist((before.x, before.y), (now.x, now.y)) / min(before.side, now.side)
