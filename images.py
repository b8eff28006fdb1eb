"""Pictures in and out: any file that Pillow reads becomes RGB bytes the right way up."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import DataError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def read_rgb(path: str | Path) -> np.ndarray:
    """Read a picture as RGB.

    EXIF orientation is applied, transparency is laid over white, 16-bit grey keeps its high byte,
    palettes, grey and CMYK are converted. Floating-point grey is taken as 0..1. Phones take
    pictures of 100 megapixels and more; up to Pillow's limit of 178 they are read.

    Returns:
        uint8[H, W, 3].

    Raises:
        DataError: the file is missing, no picture, truncated, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path)
        with picture:
            picture.load()
            return np.asarray(_to_rgb(ImageOps.exif_transpose(picture)))
    except UnidentifiedImageError as error:
        raise DataError(f"{path} is not a picture") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def is_animated(path: str | Path) -> bool:
    """Whether a picture file has several frames, of which `read_rgb` takes the first."""
    try:
        with Image.open(path) as picture:
            return bool(getattr(picture, "is_animated", False))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False  # `read_rgb` says what is wrong


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # Pillow clips 16-bit grey to 255 instead of scaling it
        grey = np.clip(np.asarray(picture).astype(np.int64), 0, 65535) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        grey = np.nan_to_num(np.asarray(picture)).clip(0, 1) * 255
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert(
            "RGB"
        )
    return picture.convert("RGB")


def list_pictures(folder: str | Path) -> list[Path]:
    """The picture files of a folder and its subfolders by their suffix, sorted by path."""
    folder = Path(folder)
    if not folder.exists():
        raise DataError(f"no such folder: {folder}")
    if not folder.is_dir():
        raise DataError(f"not a folder: {folder}")
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())


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
