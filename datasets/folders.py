"""A folder of pictures as one array in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..frames import Frame, Size, frame_of
from ..images import cropped, list_pictures, read_still, told_of


@dataclass(frozen=True)
class PictureSet:
    """RGB pictures of one domain, all of one frame.

    Attributes:
        pictures: uint8[N, H, W, 3].
        names: the file names, for pairing and for the report.
        skipped: a line for each file that looks like a picture and could not be taken.
    """

    pictures: np.ndarray
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()

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

    Smaller pictures are enlarged. What cannot be read, or is animated, is skipped, and told of
    on stderr.

    Args:
        size: the frame: a square's side, or height and width.
        report: called with the files done and their total.

    Raises:
        DataError: the folder is missing, or fewer than `at_least` pictures can be read.
    """
    paths = list_pictures(folder)
    pictures, names, skipped = [], [], []
    with ThreadPoolExecutor() as pool:
        read = pool.map(lambda path: _read(path, frame_of(size)), paths)
        for done, (path, picture) in enumerate(zip(paths, read, strict=True), 1):
            if isinstance(picture, DataError):
                skipped.append(str(picture))
            else:
                pictures.append(picture)
                names.append(path.name)
            report(done, len(paths))
    if len(pictures) < at_least:
        left_out = f" ({told_of(skipped)})" if skipped else ""
        raise DataError(
            f"{folder} has {len(pictures)} readable pictures; at least {at_least} are needed"
            f"{left_out}"
        )
    if skipped:
        print(f"{folder}: {told_of(skipped)}", file=sys.stderr)
    return PictureSet(np.stack(pictures), tuple(names), tuple(skipped))


def _read(path: Path, frame: Frame) -> np.ndarray | DataError:
    try:
        return cropped(read_still(path), frame)
    except DataError as error:
        return error
