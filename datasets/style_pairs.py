"""Pairs of a content and a style picture, as photorealistic transfer is judged on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError
from ..images import list_pictures, read_rgb, resize


def read_pairs(
    folder: str | Path, height: int, width: int, count: int | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Contents and styles, uint8[N, height, width, 3] each, and their names.

    Pictures are resampled to these sides whatever their aspect, as the papers do.

    Args:
        folder: with content/ and style/, whose pictures belong together by name.
        count: of the pairs, spread over all; None takes every one.

    Raises:
        DataError: no such folders, fewer pairs than wanted, or a picture that cannot be read.
    """
    contents, styles = (
        {path.stem: path for path in list_pictures(Path(folder) / part)}
        for part in ("content", "style")
    )
    names = sorted(contents.keys() & styles.keys(), key=lambda name: (len(name), name))
    if not names or len(names) < (count or 0):
        raise DataError(
            f"{folder} has {len(names)} pairs of the same name in content and style; "
            f"{count or 1} are needed"
        )
    if count is not None:
        names = [names[i * len(names) // count] for i in range(count)]
    pictures = (
        np.stack([resize(read_rgb(found[name]), width, height) for name in names])
        for found in (contents, styles)
    )
    return (*pictures, tuple(names))
