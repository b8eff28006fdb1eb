"""Colour spaces of pictures: whatever a file says that it is in becomes sRGB."""

from __future__ import annotations

import io
import struct
from functools import cache

from PIL import ExifTags, Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}  # by a colour profile's space
_UNCALIBRATED, _ADOBE_RGB = 0xFFFF, "R03"  # DCF 2.0: how cameras mark Adobe RGB in EXIF
_ADOBE_GAMMA = 563  # / 256
_ADOBE_PRIMARIES = {  # Adobe RGB (1998), section 4.3.5, adapted to the white of profiles (D50)
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
_D50 = (0.9642, 1.0, 0.8249)


def in_srgb(opaque: Image.Image, source: Image.Image) -> Image.Image:
    """An opaque picture as RGB in sRGB.

    Args:
        opaque: the pixels.
        source: the picture as its file has it, by whose colour profile, or else by what its EXIF
            says, the pixels are to be read; without either they are sRGB.
    """
    if opaque.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(opaque, lab, _SRGB, outputMode="RGB")
    profile = source.info.get("icc_profile")
    if not profile and opaque.mode == "RGB" and _is_adobe_rgb(source):
        profile = adobe_rgb()
    if not profile:
        return opaque.convert("RGB")
    try:
        read = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(read.profile.xcolor_space.strip(), "RGB")
        if mode == "L" and opaque.mode not in ("L", "1"):
            return opaque.convert("RGB")  # a profile of grey says nothing of colours
        if mode == "CMYK" and opaque.mode != "CMYK":
            return opaque.convert("RGB")
        return ImageCms.profileToProfile(opaque.convert(mode), read, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return opaque.convert("RGB")  # a damaged profile, or of a space that Pillow does not know


def _is_adobe_rgb(picture: Image.Image) -> bool:
    try:
        exif = picture.getexif()
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except Exception:  # whatever damaged EXIF makes Pillow's parser say
        return False
    return space == _UNCALIBRATED and str(index).rstrip("\0") == _ADOBE_RGB


@cache
def adobe_rgb() -> bytes:
    """A colour profile of Adobe RGB (1998), as ICC.1:2001-04 lays it out."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    name = b"Adobe RGB compatible\0"
    curve = b"curv" + struct.pack(">IIHxx", 0, 1, _ADOBE_GAMMA)
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + fixed(*_D50),
        **{tag: b"XYZ \0\0\0\0" + fixed(*values) for tag, values in _ADOBE_PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, begin = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", begin + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", begin + len(body), 0x02400000) + b"mntrRGB XYZ " + bytes(12)
    header += b"acsp" + bytes(28) + fixed(*_D50)
    return header.ljust(128, b"\0") + table + body
