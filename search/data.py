"""The pictures that a configuration asks for."""

from __future__ import annotations

from ..datasets import Batches, PictureSet, Prefetch, read_folder, render_heads
from ..errors import DataError
from .config import Config
from .run_directory import Report


def load_data(config: Config, report: Report) -> tuple[PictureSet, PictureSet]:
    """Source and target pictures in memory.

    Heads come at the network's size (the renderer frames them differently already); folders as
    much larger as the smallest crop is smaller than they are.

    Raises:
        DataError: a folder cannot be used, or the paired objective finds different file names.
    """
    data = config.data
    if data.heads:
        return render_heads(
            data.heads,
            data.size,
            data.heads_seed,
            lambda done, total: report("render heads", done, total),
        )
    size = tuple(round(side / min(data.crop)) for side in data.frame)
    folders = (data.source, data.target or data.source)
    source, target = (
        read_folder(folder, size, report=lambda done, total, f=folder: report(f.name, done, total))
        for folder in folders
    )
    if config.train.objective == "paired":
        stems = [[name.rpartition(".")[0] for name in part.names] for part in (source, target)]
        if stems[0] != stems[1]:
            raise DataError(
                f"the paired objective needs the same file names in both folders: {data.source} "
                f"has {len(source)}, {data.target} has {len(target)} readable pictures"
            )
    return source, target


def make_batches(
    config: Config, data: tuple[PictureSet, PictureSet], batch: int
) -> Batches | Prefetch:
    """Batches of the loaded pictures, in pairs where the objective is the paired one."""
    source, target = data
    batches = Batches(
        source.pictures,
        target.pictures,
        size=config.data.size,
        batch=batch,
        paired=config.train.objective == "paired",
        seed=config.train.seed,
        crop=(1.0, 1.0) if config.data.heads else config.data.crop,
        flip=config.data.flip,
        turn=config.data.turn,
        light=config.data.light,
    )
    workers = config.data.workers
    return Prefetch(batches, workers) if workers else batches
