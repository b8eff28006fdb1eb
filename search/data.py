"""The pictures that a configuration asks for."""

from __future__ import annotations

from ..datasets import ENLARGE, Batches, PictureSet, read_folder, render_heads
from ..errors import DataError
from .config import DataConfig
from .run_directory import Report


def load_data(config: DataConfig, report: Report) -> tuple[PictureSet, PictureSet]:
    """Source and target pictures in memory.

    Heads come at the network's size (the renderer frames them differently already); folders a
    little larger, for random crops.

    Raises:
        DataError: a folder cannot be used, or paired folders differ in their file names.
    """
    if config.heads:
        return render_heads(
            config.heads,
            config.size,
            config.heads_seed,
            lambda done, total: report("render heads", done, total),
        )
    size = round(config.size * ENLARGE)
    source, target = (
        read_folder(folder, size, report=lambda done, total: report("read pictures", done, total))
        for folder in (config.source, config.target)
    )
    if config.paired:
        stems = [[name.rpartition(".")[0] for name in part.names] for part in (source, target)]
        if stems[0] != stems[1]:
            raise DataError(
                f"paired folders need the same file names: {config.source} has {len(source)}, "
                f"{config.target} has {len(target)} readable pictures"
            )
    return source, target


def make_batches(
    config: DataConfig, data: tuple[PictureSet, PictureSet], batch: int, seed: int
) -> Batches:
    """Batches of the loaded pictures; heads are pairs."""
    source, target = data
    return Batches(
        source.pictures,
        target.pictures,
        size=config.size,
        batch=batch,
        paired=config.paired or bool(config.heads),
        seed=seed,
    )
