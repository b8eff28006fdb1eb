"""TensorBoard's event file, written at once and in the caller's thread.

torch's SummaryWriter writes from a thread of its own, where a full disk ends in a traceback that no
caller can turn into one clear line.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event


class EventFile:
    """A new `events.out.tfevents.*` in a folder; TensorBoard joins those of one folder."""

    def __init__(self, folder: Path):
        from tensorboard.compat.proto.event_pb2 import Event  # here: a conversion needs none
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary = Event, Summary
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"events.out.tfevents.{time.time_ns()}.pocketstyle"
        self._records = RecordWriter(path.open("wb"))
        self._write(self._event(wall_time=time.time(), file_version="brain.Event:2"))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append scalars. Raises OSError, as files do."""
        scalars = [
            self._summary.Value(tag=name, simple_value=value) for name, value in values.items()
        ]
        self._write(
            self._event(wall_time=time.time(), step=step, summary=self._summary(value=scalars))
        )

    def _write(self, event: Event) -> None:
        self._records.write(event.SerializeToString())
        self._records.flush()
