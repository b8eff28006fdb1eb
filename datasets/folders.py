"""A folder of pictures as one array in memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..frames import Frame, Size, frame_of
from ..images import cropped, list_pictures, read_rgb


@dataclass(frozen=True)
class PictureSet:
    """RGB pictures of one domain, all of one frame.

    Attributes:
        pictures: uint8[N, H, W, 3].
        names: the file names, for pairing and for the report.
        skipped: files with a picture's suffix that could not be read.
    """

    pictures: np.ndarray
    names: tuple[str, ...]
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.pictures)


def read_folder(
    folder: str | Path,
    size: Size,
    *,
    at_least: int = 2,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> PictureSet:
    """Read every picture of a folder, its centre in a frame's proportion resampled to the frame.

    Smaller pictures are enlarged. What cannot be read is skipped and counted.

    Args:
        size: the frame: a square's side, or height and width.
        report: called with the files done and their total.

    Raises:
        DataError: the folder is missing, or fewer than `at_least` pictures can be read.
    """
    paths = list_pictures(folder)
    pictures, names = [], []
    with ThreadPoolExecutor() as pool:
        for done, (path, picture) in enumerate(
            zip(paths, pool.map(lambda p: _read(p, frame_of(size)), paths), strict=True), 1
        ):
            if picture is not None:
                pictures.append(picture)
                names.append(path.name)
            report(done, len(paths))
    skipped = len(paths) - len(pictures)
    if len(pictures) < at_least:
        unreadable = f" ({skipped} unreadable)" if skipped else ""
        raise DataError(
            f"{folder} has {len(pictures)} readable pictures{unreadable}; "
            f"at least {at_least} are needed"
        )
    return PictureSet(np.stack(pictures), tuple(names), skipped)


def _read(path: Path, frame: Frame) -> np.ndarray | None:
    try:
        return cropped(read_rgb(path), frame)
    except DataError:
        return None
