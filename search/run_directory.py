"""A run directory (C7): configuration, metrics, checkpoints and samples of one run."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ..datasets import to_pictures
from ..errors import PocketstyleError, TrainingDiverged, UsageError
from ..whole import written_whole
from .config import Config, dump_toml
from .event_file import EventFile
from .metrics_file import read_metrics
from .run_lock import locked
from .state_file import load_state, save_state

CHANGEABLE = ("data.workers", "nas.candidates", "card.licence")  # of a run that goes on
LOCK = ".lock"
NAMED = 4  # changed settings that a refusal to resume names


class RunDirectory:
    """`runs/NAME/` with config.toml, metrics.jsonl, TensorBoard events, checkpoint and samples.

    Attributes:
        kept: the steps that the last checkpoint holds.

    Args:
        resume: go on from the checkpoint, if there is one, dropping metrics written after it; only
            the learning rates may differ, as after a divergence.
        writes: False for the second and later processes of a training: they only read.

    Raises:
        UsageError: the directory holds a run and `resume` is off, or its configuration differs, or
            it holds something else. A finished run's rates cannot change any more.
    """

    def __init__(
        self, path: str | Path, config: Config, *, resume: bool = False, writes: bool = True
    ):
        self.path, self.writes, self.kept = Path(path), writes, 0
        self.metrics_path = self.path / "metrics.jsonl"
        self.checkpoint_path = self.path / "checkpoint.safetensors"
        self.config_path = self.path / "config.toml"
        self.config_text = dump_toml(config)
        if not writes:
            return
        if self.config_path.exists():
            if not resume:
                raise UsageError(f"{self.path} holds a run already; pass --resume or another --out")
            finished = (self.path / "model.safetensors").exists()
            if changed := _changes(self.config_path, self.config_text, rates=not finished):
                told = "; ".join(changed[:NAMED] + ["…"] * (len(changed) > NAMED))
                raise UsageError(f"{self.path}: --resume needs the run's configuration: {told}")
        elif self.path.is_dir() and any(p.name[0] != "." for p in self.path.iterdir()):
            raise UsageError(f"{self.path} holds files that are not a run's; choose another --out")

    @classmethod
    @contextmanager
    def held(
        cls, path: str | Path, config: Config, *, resume: bool, writes: bool = True
    ) -> Iterator[RunDirectory]:
        """The directory, made if it is missing, with nobody else writing to it (`run_lock`).

        Raises:
            UsageError: as the class; another process writes to it, or it cannot be written.
        """
        path = Path(path)
        with locked(path / LOCK, path) if writes else nullcontext():
            yield cls(path, config, resume=resume, writes=writes)

    def restore(self) -> dict[str, Any] | None:
        """The last checkpoint, or None at the start of a run; later metrics are dropped.

        To be called when the data are there: from here on the directory holds a run.
        """
        if not self.writes:
            return load_state(self.checkpoint_path) if self.checkpoint_path.exists() else None
        with self._writing():
            with written_whole(self.config_path) as part:
                part.write_text(self.config_text, encoding="utf-8")
            self.events = EventFile(self.path / "events")
        if not self.checkpoint_path.exists():
            self.metrics_path.unlink(missing_ok=True)
            return None
        state = load_state(self.checkpoint_path)
        self.kept = state["step"]
        kept = [line for line in read_metrics(self.metrics_path) if line["step"] < state["step"]]
        with written_whole(self.metrics_path) as part:
            part.write_text("".join(json.dumps(line) + "\n" for line in kept))
        return state

    def checkpoint(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint; `state["step"]` is the next step to do.

        Raises:
            TrainingDiverged: a tensor of it is not finite; the old one stays.
        """
        for name, value in _tensors(state):
            if not bool(value.isfinite().all()):
                raise TrainingDiverged(
                    f"{name} is not finite after step {state['step'] - 1}; {self._what_is_kept()}"
                )
        if self.writes:
            with self._writing():
                save_state(self.checkpoint_path, state)
        self.kept = state["step"]

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Append a line to metrics.jsonl and the same numbers to TensorBoard."""
        if not self.writes:
            return
        with self._writing():
            with self.metrics_path.open("a") as file:
                file.write(json.dumps({"step": step, **metrics}) + "\n")
            self.events.add(step, metrics)

    def finite(self, terms: Mapping[str, Tensor], step: int, rate_key: str) -> dict[str, float]:
        """The loss and its terms as numbers.

        Raises:
            TrainingDiverged: one is not finite; the message names it and the setting to lower.
        """
        # stacked: one wait for the GPU, not one for each term
        numbers = torch.stack([term.detach().float() for term in terms.values()]).tolist()
        values = dict(zip(terms, numbers, strict=True))
        for name, value in values.items():
            if not math.isfinite(value):
                raise TrainingDiverged(
                    f"the loss ({name}) is {value} at step {step}; {self._what_is_kept()}; lower "
                    f"{rate_key} and --resume"
                )
        return {"loss": sum(values.values()), **values}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Adds to a failure what is kept."""
        try:
            yield
        except PocketstyleError as error:
            raise PocketstyleError(f"{error}; {self._what_is_kept()}") from error
        except OSError as error:
            where = error.filename or self.path
            raise PocketstyleError(
                f"cannot write {where}: {error.strerror}; {self._what_is_kept()}"
            ) from error

    def _what_is_kept(self) -> str:
        if self.checkpoint_path.exists():
            return f"{self.checkpoint_path} holds the last good state"
        return "no checkpoint had been written yet"

    def sample(self, step: int, rows: Mapping[str, Tensor]) -> None:
        """Save a grid of pictures, samples/STEP.png, with the names of its rows in the file.

        Args:
            step: whose results these are.
            rows: [N, 3, H, W] in [-1, 1] each.
        """
        if not self.writes:
            return
        path = self.path / "samples" / f"{step:07d}.png"
        grid = [[picture for picture in to_pictures(row)] for row in rows.values()]
        h, w = grid[0][0].shape[:2]
        sheet = Image.new("RGB", (w * max(map(len, grid)), h * len(grid)))
        for top, row in enumerate(grid):
            for left, picture in enumerate(row):
                sheet.paste(Image.fromarray(picture), (left * w, top * h))
        said = PngInfo()
        said.add_text("rows", "\n".join(rows))
        with self._writing():
            path.parent.mkdir(exist_ok=True)
            with written_whole(path) as part:
                sheet.save(part, "png", pnginfo=said)


Report = Callable[[str, int, int], None]
"""Progress: the name of a stage, steps done, steps in all."""


def _tensors(state: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a nested state, with its dotted name."""
    if isinstance(state, Tensor):
        yield name, state
    elif isinstance(state, dict | list | tuple):
        items = state.items() if isinstance(state, dict) else enumerate(state)
        for key, value in items:
            yield from _tensors(value, f"{name}.{key}".strip("."))


def _changes(kept: Path, wanted: str, *, rates: bool) -> list[str]:
    """What of a configuration differs from the one on file, a phrase for each key.

    Keys that are younger than the file had their defaults.

    Args:
        rates: the learning rates may differ.
    """
    defaults = {
        name: field.annotation.model_construct().model_dump(mode="json", exclude_none=True)
        for name, field in Config.model_fields.items()
    }
    old = _settings(defaults) | _settings(tomllib.loads(kept.read_text(encoding="utf-8-sig")))
    new = _settings(tomllib.loads(wanted))
    return [
        f"{key} was {old.get(key)!r}, not {new.get(key)!r}"
        for key in sorted({**old, **new})
        if old.get(key) != new.get(key)
        and not (rates and key.endswith(("learning_rate", "mask_rate")))
        and key not in CHANGEABLE
    ]


def _settings(tree: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Nested settings by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        dotted = f"{name}.{key}".strip(".")
        flat |= _settings(value, dotted) if isinstance(value, dict) else {dotted: value}
    return flat
