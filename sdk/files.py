"""Stylizing whatever a path names: a picture, a folder of pictures, a video."""

from __future__ import annotations

import errno
import os
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
    WRITTEN,
    cropped,
    is_animated,
    list_pictures,
    masked,
    read_rgb,
    read_still,
)
from ..whole import written_whole
from .bundle import Fit
from .clip_writer import MOVING
from .pair_list import read_pair_list
from .styled import Styled
from .stylizer import Stylizer
from .video import Report, VideoReport, stylize_video
from .whole_frames import CROPPED, WholeFrames

DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # no picture fits any more


@dataclass(frozen=True)
class _Job:
    """A picture of a folder or a list: what it is called, where it goes, what reads it."""

    source: Path
    target: Path
    read: Callable[[], np.ndarray]


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
        skipped: one line for each picture that could not be made.
        seconds: wall time.
        kept: how many an earlier run had written, with `resume`.
        stopped: whether Ctrl-C ended it before the last picture.
    """

    target: Path
    pictures: int
    skipped: tuple[str, ...]
    seconds: float
    kept: int = 0
    stopped: bool = False


def stylize_file(
    stylizer: Stylizer | WholeFrames,
    source: str | Path,
    target: str | Path,
    *,
    force: bool = False,
    resume: bool = False,
    fit: Fit | None = None,
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

    Files appear whole or not at all. A folder keeps its subfolders; its pictures that cannot be
    read, are animated, or fail otherwise are skipped and told of in the result. Ctrl-C ends a
    folder with the pictures that are done, as it does a video.

    Args:
        stylizer: the network; or a `Portrait` or what else takes whole pictures, to which `fit` has
            no meaning.
        source: picture, folder, video or list of pairs.
        target: picture (.png, .jpg, ...), folder (of a list, too) or video (.mp4, .gif, .webp), as
            the source is.
        force: replace an existing file, or write into an existing folder that is not empty.
        resume: of a folder or a list, leave the pictures that an earlier run has written.
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
    if isinstance(stylizer, WholeFrames):
        _check_whole_frames(stylizer, source, compare or mask is not None)
        fit = "stretch"  # pictures keep their size
    else:
        fit = stylizer.fit_of(fit)
    manner = _Manner(fit, compare, alpha, mask)
    if not source.exists():
        raise DataError(f"no such file: {source}")
    several = source.is_dir() or source.suffix.lower() == ".csv"
    if resume and not several:
        raise UsageError(f"{source} is one file; --resume goes on with a folder or a list")
    if not (force or resume) and (any(target.iterdir()) if target.is_dir() else target.exists()):
        told = ", or --resume to go on with it" if several else ""
        raise UsageError(f"{target} exists; pass --force to replace it{told}")
    video = not several and _is_video(source, target)
    if steady and not video:
        raise UsageError(f"{source} is no video; frames are what is steadied")
    if seconds is not None and not video:
        raise UsageError(f"{source} is no video; it has no seconds")
    if several:
        if source.is_dir():
            jobs = _folder_jobs(source, target)
        else:
            jobs = _pair_jobs(stylizer, source, target, alpha)
        return _stylize_each(stylizer, source, target, jobs, manner, resume, report)
    if not video:
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


def _is_video(source: Path, target: Path) -> bool:
    suffix, wanted = source.suffix.lower(), target.suffix.lower()
    if suffix and suffix not in SUFFIXES:
        return True
    if is_animated(source):
        return wanted in MOVING
    return suffix in ("", ".gif") and wanted not in WRITTEN


def _folder_jobs(source: Path, target: Path) -> list[_Job]:
    if target.exists() and not target.is_dir():
        raise UsageError(f"{source} is a folder, so the target must be one too: {target}")
    if target.resolve() == source.resolve():
        raise UsageError(f"source and target are the same folder: {source}")
    inside = target.resolve()  # an earlier run may have written below the source
    pictures = [p for p in list_pictures(source) if inside not in p.resolve().parents]
    if not pictures:
        raise DataError(f"{source} has no picture that can be read (0 tried)")
    names = _png_names([picture.relative_to(source) for picture in pictures])
    return [
        _Job(picture, target / name, partial(read_still, picture))
        for picture, name in zip(pictures, names, strict=True)
    ]


def _pair_jobs(stylizer: Stylizer, source: Path, target: Path, alpha: float) -> list[_Job]:
    """Each content in the manner of its style, as CONTENT-STYLE.png."""
    pairs = read_pair_list(source)
    names = [f"{content.stem}-{style.stem}.png" for content, style in pairs]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"{source}: two pairs would be {twice[0]}")

    def read(content: Path, style: Path) -> np.ndarray:
        rgb = read_still(content)
        stylizer.set_style(read_rgb(style), alpha)
        return rgb

    return [
        _Job(content, target / name, partial(read, content, style))
        for (content, style), name in zip(pairs, names, strict=True)
    ]


def _stylize_each(
    stylizer: Stylizer | WholeFrames,
    source: Path,
    target: Path,
    jobs: list[_Job],
    manner: _Manner,
    resume: bool,
    report: Report | None,
) -> PictureReport:
    """Write what each job reads, stylized; one that fails does not end the others."""
    began, made, kept, stopped = time.perf_counter(), 0, 0, False
    skipped: list[str] = []
    try:
        for done, job in enumerate(jobs, start=1):
            if resume and os.path.exists(job.target):
                kept += 1
            elif (failure := _failure(stylizer, job, manner)) is None:
                made += 1
            else:
                skipped.append(failure)
            if report is not None:
                report(done, len(jobs))
    except KeyboardInterrupt:
        if not made + kept:
            raise
        stopped = True
    except DataError as error:
        raise DataError(f"{error}; {made} of {len(jobs)} pictures are written") from error
    if len(skipped) == len(jobs):
        raise DataError(
            f"{source} has no picture that can be read ({len(jobs)} tried): {skipped[0]}"
        )
    seconds = time.perf_counter() - began
    return PictureReport(target, made, tuple(skipped), seconds, kept, stopped)


def _failure(stylizer: Stylizer | WholeFrames, job: _Job, manner: _Manner) -> str | None:
    """Make a picture; a line if it cannot be made.

    Raises:
        DataError: the disk takes no more.
    """
    try:
        made = _stylized(stylizer, job.read(), manner)
    except (DataError, MemoryError) as error:
        told = str(error) or "it does not fit into memory"
        return told if str(job.source) in told else f"{job.source}: {told}"
    try:
        _write_picture(made, job.target)
    except DataError as error:
        if getattr(error.__cause__, "errno", None) in DISK_FAULTS:
            raise
        return f"{job.source}: {error}"
    return None


def _stylize_picture(
    stylizer: Stylizer | WholeFrames, source: Path, target: Path, manner: _Manner
) -> None:
    if is_animated(source):
        raise DataError(f"{source} is animated; write it as {', '.join(MOVING)}")
    rgb = read_rgb(source)  # says what is wrong with what only looks like a picture
    if target.suffix.lower() not in WRITTEN:
        raise UsageError(f"a picture is written as {', '.join(WRITTEN)}, not as {target}")
    _write_picture(_stylized(stylizer, rgb, manner), target)


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
    try:
        with written_whole(target) as part:
            Image.fromarray(rgb).save(part, format=kind, quality=95)
    except ValueError as error:  # more pixels than the format holds
        raise DataError(f"cannot write {target}: {error}") from error


def _png_names(pictures: list[Path]) -> list[Path]:
    """`a.jpg` becomes `a.png`; where another picture would too, `a.jpg.png`."""
    plain = Counter(picture.with_suffix(".png") for picture in pictures)
    return [
        picture.with_suffix(".png")
        if plain[picture.with_suffix(".png")] == 1
        else picture.with_name(f"{picture.name}.png")
        for picture in pictures
    ]
