"""Pictures in and out: any file that Pillow reads becomes sRGB bytes the right way up."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from .colours import in_srgb
from .errors import DataError

with suppress(ImportError):  # Pillow itself reads no HEIC
    from pillow_heif import register_heif_opener

    register_heif_opener()

WRITTEN = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
WRITTEN = (".avif", *WRITTEN) if features.check("avif") else WRITTEN
"""Suffixes of pictures that are written."""
RAW = (".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw")
"""Suffixes of cameras' raw files. Pillow opens some of them, and gives a thumbnail."""
SUFFIXES = tuple(
    {*WRITTEN, *RAW, ".avif", ".gif", ".heic", ".heif", ".hif", ".jfif", ".jp2", ".jpe", ".jxl"}
    | {".mpo", ".pgm", ".ppm", ".tga"}
)
"""Suffixes of what looks like a picture, whether or not it can be read here."""
ANIMATIONS = ("AVIF", "GIF", "PNG", "WEBP")  # others hold previews, pages or second views
SHORTEST, USUAL = 10, 100  # ms: a frame that is shown for less than it can be is shown so long
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")  # ISO 23008-12
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises
MOST_NAMED = 20  # of files that are left out, in one line


def read_rgb(path: str | Path) -> np.ndarray:
    """Read a picture as sRGB; of several in a file the first.

    EXIF orientation and colour profiles are applied, transparency is laid over white, 16-bit grey
    keeps its high byte, palettes, grey and CMYK are converted. Floating-point grey is taken as
    0..1. Phones take pictures of 100 megapixels and more; up to Pillow's limit of 178 they are
    read. HEIC is read where the package pillow-heif is installed.

    Returns:
        uint8[H, W, 3].

    Raises:
        DataError: the file is missing, no picture, truncated, too large, or of a kind that is not
            read here.
    """
    if Path(path).suffix.lower() in RAW:
        raise DataError(f"{path} is a camera's raw file; export it as .jpg, .png or .tif")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of size, and of metadata that is damaged
            with Image.open(path) as picture:
                picture.load()
                return np.asarray(_to_rgb(_upright(picture)))
    except UnidentifiedImageError as error:
        raise DataError(_why_unknown(Path(path))) from error
    except UNREADABLE as error:
        raise DataError(f"cannot read {path}: {error}") from error


def read_still(path: str | Path) -> np.ndarray:
    """`read_rgb` of a file that is no animation.

    Raises:
        DataError: as `read_rgb`, or the file is an animation.
    """
    if is_animated(path):
        raise DataError(f"{path} is animated, and no picture")
    return read_rgb(path)


def is_animated(path: str | Path) -> bool:
    """Whether a file is an animated AVIF, GIF, PNG or WebP; `read_rgb` takes its first frame."""
    return animation_of(path) is not None


def animation_of(path: str | Path) -> tuple[str, int] | None:
    """Format, by Pillow's name, and number of frames of an animation; None of other files."""
    try:
        with Image.open(path) as picture:
            moves = picture.format in ANIMATIONS and getattr(picture, "is_animated", False)
            return (picture.format, picture.n_frames) if moves else None
    except UNREADABLE:
        return None  # `read_rgb` says what is wrong


def read_animation(path: str | Path) -> Iterator[tuple[np.ndarray, int]]:
    """The frames of an animated picture as `read_rgb` reads pictures, and how long each is shown.

    A frame of 10 ms or less is shown for 100, as browsers do.

    Yields:
        uint8[H, W, 3], and milliseconds.

    Raises:
        DataError: the file is damaged; what comes before that is given.
    """
    try:
        with Image.open(path) as picture:
            for place in range(picture.n_frames):
                picture.seek(place)
                picture.load()
                shown = int(picture.info.get("duration") or 0)
                rgb = np.asarray(_to_rgb(picture))
                yield rgb, shown if shown > SHORTEST else USUAL
    except (EOFError, *UNREADABLE) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _why_unknown(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return f"{path} is empty"
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return f"{path} is HEIC; to read it, run `pip install pillow-heif`"
    if start[4:12] == b"ftypavif":
        return f"{path} is AVIF; to read it, run `pip install 'pillow>=11.3'`"
    if start[:2] == b"\xff\x0a" or start[4:8] == b"JXL ":
        return f"{path} is JPEG XL, which is not read; export it as .jpg, .png or .tif"
    return f"{path} is not a picture"


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # whatever damaged EXIF makes Pillow's parser say
        return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # Pillow clips 16-bit grey to 255 instead of scaling it
        values = np.asarray(picture).astype(np.int64)
        grey = np.clip(values, 0, 65535) >> 8
        if "transparency" in picture.info:
            grey[values == picture.info["transparency"]] = 255
        return in_srgb(Image.fromarray(grey.astype(np.uint8)), picture)
    if picture.mode == "F":
        grey = np.nan_to_num(np.asarray(picture)).clip(0, 1) * 255
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        shown = picture.convert("RGBA")
        opaque = shown.convert("L" if picture.mode in ("L", "LA", "La") else "RGB")
        over = in_srgb(opaque, picture).convert("RGBA")
        over.putalpha(shown.getchannel("A"))
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return in_srgb(picture, picture)


def list_pictures(folder: str | Path) -> list[Path]:
    """What looks like a picture by its suffix in a folder and its subfolders, sorted by path.

    Links that lead nowhere are listed; macOS's companions of files (`._NAME`) are not.
    """
    folder = Path(folder)
    if not folder.exists():
        raise DataError(f"no such folder: {folder}")
    if not folder.is_dir():
        raise DataError(f"not a folder: {folder}")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not path.name.startswith("._")
        and (path.is_file() or (path.is_symlink() and not path.exists()))
    )


def told_of(left_out: Sequence[str]) -> str:
    """How many files are left out, and why the first ones are, as one line."""
    more = len(left_out) - MOST_NAMED
    named = "; ".join(left_out[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return f"{len(left_out)} left out: {named}"


def resize(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resample uint8[H, W, 3] to uint8[height, width, 3]: Lanczos, antialiased when shrinking."""
    if rgb.shape[:2] == (height, width):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))


def laid_over(rgb: np.ndarray, seen: np.ndarray, made: np.ndarray) -> np.ndarray:
    """A picture with the change that a network made to a smaller version of it.

    What is finer than the network saw stays.

    Args:
        rgb: uint8[H, W, 3].
        seen, made: uint8[h, w, 3], the same picture before and after.

    Returns:
        uint8[H, W, 3].
    """
    height, width = rgb.shape[:2]
    laid = np.empty_like(rgb)
    for channel in range(3):
        change = made[..., channel].astype(np.float32) - seen[..., channel]
        grown = Image.fromarray(change).resize((width, height), Image.Resampling.BICUBIC)
        laid[..., channel] = np.rint(np.clip(np.asarray(grown) + rgb[..., channel], 0, 255))
    return laid


def masked(rgb: np.ndarray, made: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """`made` where a mask is white, `rgb` where it is black; all uint8[H, W, 3]."""
    share = mask.astype(np.float32).mean(2, keepdims=True) / 255
    return np.rint(rgb + share * (made.astype(np.float32) - rgb)).astype(np.uint8)


def centre_square(rgb: np.ndarray) -> np.ndarray:
    """The largest centred square of uint8[H, W, 3], as a view."""
    h, w = rgb.shape[:2]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    return rgb[top : top + side, left : left + side]


def cropped(rgb: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """The largest centred part of uint8[H, W, 3] in a frame's proportion, resampled to the frame.

    Args:
        frame: height and width.

    Returns:
        uint8[*frame, 3].
    """
    (height, width), (rows, columns) = rgb.shape[:2], frame
    if height * columns > width * rows:
        kept = max(1, int(width * rows / columns + 0.5)), width
    else:
        kept = height, max(1, int(height * columns / rows + 0.5))
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    return resize(rgb[top : top + kept[0], left : left + kept[1]], columns, rows)
