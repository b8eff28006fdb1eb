"""pocketstyle train: train a teacher."""

from __future__ import annotations

from pathlib import Path

from .options import Config, Json, Out, Overrides, Resume, emit
from .progress import progress

NAME = "train"


def run(
    config: Config,
    out: Out = None,
    overrides: Overrides = None,
    resume: Resume = False,
    as_json: Json = False,
) -> None:
    """Train a generator from scratch, paired or unpaired."""
    from ..search import load_config, train

    settings = load_config(config, overrides or ())
    out = out or Path("runs") / Path(config).stem
    with progress() as report:
        model = train(settings, out, resume=resume, report=report)
    result = {"model": str(model), "report": str(out / "report.html")}
    emit(result, as_json, "\n".join(f"{name}: {path}" for name, path in result.items()))
