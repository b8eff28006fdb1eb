"""Stylizing whatever a path names: a picture, a folder of pictures, a video."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import DataError, UsageError
from ..images import (
    SUFFIXES,
    cropped,
    is_animated,
    list_pictures,
    masked,
    read_rgb,
)
from ..whole import written_whole
from .bundle import Fit
from .styled import Styled
from .stylizer import Stylizer, check_fit
from .video import Report, VideoReport, stylize_video
from .whole_frames import CROPPED, WholeFrames


@dataclass(frozen=True)
class _Manner:
    """How every picture is treated, as `stylize_file` takes it."""

    fit: Fit
    compare: bool
    alpha: float
    mask: np.ndarray | None


@dataclass(frozen=True)
class PictureReport:
    """What `stylize_file` did with a picture or a folder.

    Attributes:
        target: the file or folder written.
        pictures: how many were written.
        skipped: one line for each file that could not be read.
        seconds: wall time.
    """

    target: Path
    pictures: int
    skipped: tuple[str, ...]
    seconds: float


def stylize_file(
    stylizer: Stylizer | WholeFrames,
    source: str | Path,
    target: str | Path,
    *,
    force: bool = False,
    fit: Fit = "crop",
    compare: bool = False,
    alpha: float = 1.0,
    mask: np.ndarray | None = None,
    steady: bool = False,
    seconds: float | None = None,
    report: Report | None = None,
) -> PictureReport | VideoReport:
    """Stylize a picture, a folder, a video or a list of pairs.

    A picture gives a picture, a folder a folder of PNGs, a video a video. A list of pairs, .csv
    with a line `content,style` for each, gives a folder of PNGs, too; its paths are relative to it.

    Files appear whole or not at all. A folder keeps its subfolders; its unreadable pictures are
    skipped and told of in the result.

    Args:
        stylizer: the network; or a `Portrait` or what else takes whole pictures, to which `fit` has
            no meaning.
        source: picture, folder, video or list of pairs.
        target: picture (.png, .jpg, ...), folder (of a list, too) or video (.mp4, .gif, .webp), as
            the source is.
        force: replace an existing file, or write into an existing folder that is not empty.
        fit: as in `Stylizer.stylize`.
        compare: put what the network saw to the left of what it made.
        alpha: of a list of pairs, as in `Stylizer.set_style`.
        mask: uint8[H, W, 3] of the pictures' size: stylized where it is white, as it was where it
            is black.
        steady, seconds: of a video, as in `stylize_video`.
        report: called after each picture or frame with how many are done and the total, None
            where unknown.

    Raises:
        UsageError: the target exists and `force` is off, or is of another kind than the source; a
            mask for a video, steadiness or seconds for pictures; pairs for a `Portrait`, or a mask
            or a comparison where it crops.
        DataError: the source is missing or unreadable, the mask is of another size, or the target
            cannot be written.
    """
    source, target = Path(source), Path(target)
    check_fit(fit)
    if isinstance(stylizer, WholeFrames):
        _check_whole_frames(stylizer, source, compare or mask is not None)
        fit = "stretch"  # pictures keep their size
    manner = _Manner(fit, compare, alpha, mask)
    if not source.exists():
        raise DataError(f"no such file: {source}")
    if not force and (any(target.iterdir()) if target.is_dir() else target.exists()):
        raise UsageError(f"{target} exists; pass --force to replace it")
    video = not (source.is_dir() or source.suffix.lower() in (*SUFFIXES, ".csv"))
    if steady and not video:
        raise UsageError(f"{source} is no video; frames are what is steadied")
    if seconds is not None and not video:
        raise UsageError(f"{source} is no video; it has no seconds")
    if source.is_dir():
        return _stylize_folder(stylizer, source, target, manner, report)
    if source.suffix.lower() == ".csv":
        return _stylize_pairs(stylizer, source, target, manner, report)
    if source.suffix.lower() in SUFFIXES:
        began = time.perf_counter()
        _stylize_picture(stylizer, source, target, manner)
        if report is not None:
            report(1, 1)
        return PictureReport(target, 1, (), time.perf_counter() - began)
    if mask is not None:
        raise UsageError(f"{source} is no picture; a mask is for pictures")
    return stylize_video(
        stylizer,
        source,
        target,
        fit=fit,
        compare=compare,
        steady=steady,
        seconds=seconds,
        report=report,
    )


def _check_whole_frames(stylizer: WholeFrames, source: Path, beside: bool) -> None:
    if source.suffix.lower() == ".csv" and not isinstance(stylizer, Styled):
        raise UsageError(f"{source} gives a style for each picture; faces are drawn in one")
    if beside and stylizer.made_size(2, 1) != (2, 1):
        raise UsageError(CROPPED)


def _stylize_folder(
    stylizer: Stylizer | WholeFrames,
    source: Path,
    target: Path,
    manner: _Manner,
    report: Report | None,
) -> PictureReport:
    began = time.perf_counter()
    if target.exists() and not target.is_dir():
        raise UsageError(f"{source} is a folder, so the target must be one too: {target}")
    if target.resolve() == source.resolve():
        raise UsageError(f"source and target are the same folder: {source}")
    inside = target.resolve()  # an earlier run may have written below the source
    pictures = [p for p in list_pictures(source) if inside not in p.resolve().parents]
    names = _png_names([picture.relative_to(source) for picture in pictures])
    readers = {
        target / name: partial(read_rgb, picture)
        for picture, name in zip(pictures, names, strict=True)
    }
    skipped = _stylize_each(stylizer, readers, manner, report)
    if len(skipped) == len(pictures):
        raise DataError(f"{source} has no picture that can be read ({len(skipped)} tried)")
    return PictureReport(target, len(pictures) - len(skipped), skipped, time.perf_counter() - began)


def _stylize_each(
    stylizer: Stylizer | WholeFrames,
    readers: dict[Path, Callable[[], np.ndarray]],
    manner: _Manner,
    report: Report | None,
) -> tuple[str, ...]:
    """Write what each reader gives, stylized, to its path; a line for each that cannot be read."""
    skipped: list[str] = []
    for done, (path, read) in enumerate(readers.items(), start=1):
        try:
            made = _stylized(stylizer, read(), manner)
        except DataError as error:  # a mask of another size, too
            skipped.append(str(error))
        else:
            _make_folder(path.parent)
            _write_picture(made, path)
        if report is not None:
            report(done, len(readers))
    return tuple(skipped)


def _stylize_pairs(
    stylizer: Stylizer,
    source: Path,
    target: Path,
    manner: _Manner,
    report: Report | None,
) -> PictureReport:
    """Each content in the manner of its style, as CONTENT-STYLE.png."""
    began = time.perf_counter()
    try:
        rows = [row for row in csv.reader(source.read_text().splitlines()) if row]
        rows = rows[1:] if rows[:1] == [["content", "style"]] else rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {source}: {error}") from error
    wrong = next((row for row in rows if len(row) != 2), None)
    if wrong or not rows:
        told = f"not {','.join(wrong)!r}" if wrong else "and it has none"
        raise DataError(f"{source}: a line is `content,style`, {told}")
    pairs = [tuple(source.parent / part.strip() for part in row) for row in rows]
    names = [f"{content.stem}-{style.stem}.png" for content, style in pairs]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"{source}: two pairs would be {twice[0]}")

    def read(content: Path, style: Path) -> np.ndarray:
        rgb = read_rgb(content)
        stylizer.set_style(read_rgb(style), manner.alpha)
        return rgb

    readers = {target / name: partial(read, *pair) for pair, name in zip(pairs, names, strict=True)}
    skipped = _stylize_each(stylizer, readers, manner, report)
    if len(skipped) == len(pairs):
        raise DataError(f"{source}: no pair can be read; {skipped[0]}")
    return PictureReport(target, len(pairs) - len(skipped), skipped, time.perf_counter() - began)


def _stylize_picture(
    stylizer: Stylizer | WholeFrames, source: Path, target: Path, manner: _Manner
) -> None:
    if target.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a picture is written as {', '.join(SUFFIXES)}, not as {target}")
    if is_animated(source):
        raise DataError(f"{source} is animated, which is read as .gif or .mp4 alone")
    _write_picture(_stylized(stylizer, read_rgb(source), manner), target)


def _stylized(stylizer: Stylizer | WholeFrames, rgb: np.ndarray, manner: _Manner) -> np.ndarray:
    def seen(picture: np.ndarray) -> np.ndarray:
        if manner.fit != "crop":
            return picture
        return cropped(picture, stylizer.frame_for(*picture.shape[:2]))

    if manner.mask is not None and manner.mask.shape[:2] != rgb.shape[:2]:
        (height, width), (rows, columns) = rgb.shape[:2], manner.mask.shape[:2]
        raise DataError(f"the mask is {columns}x{rows}, the picture {width}x{height}")
    if isinstance(stylizer, WholeFrames):
        stylized = stylizer.stylize(rgb)
    else:
        stylized = stylizer.stylize(rgb, manner.fit)
    if manner.mask is not None:
        stylized = masked(seen(rgb), stylized, seen(manner.mask))
    return np.concatenate([seen(rgb), stylized], axis=1) if manner.compare else stylized


def _write_picture(rgb: np.ndarray, target: Path) -> None:
    kind = Image.registered_extensions()[target.suffix.lower()]
    with written_whole(target) as part:
        Image.fromarray(rgb).save(part, format=kind, quality=95)


def _png_names(pictures: list[Path]) -> list[Path]:
    """`a.jpg` becomes `a.png`; where another picture would too, `a.jpg.png`."""
    plain = Counter(picture.with_suffix(".png") for picture in pictures)
    return [
        picture.with_suffix(".png")
        if plain[picture.with_suffix(".png")] == 1
        else picture.with_name(f"{picture.name}.png")
        for picture in pictures
    ]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {folder}: {error.strerror}") from error
