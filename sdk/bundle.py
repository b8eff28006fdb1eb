"""The bundle: one `.tflite` that says of itself what it is, in an appended zip.

The zip holds `pocketstyle.json`, a `BundleInfo`. TFLite's own metadata packs its associated files
the same way, so any TFLite runtime plays a bundle unchanged and any unzip reads the JSON.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import DataError, FormatError, UsageError
from ..frames import Frame, Size, frame_of, frame_text

FORMAT = "pocketstyle-bundle"
VERSION = 2  # the newest that is read
MEMBER = "pocketstyle.json"
ENCODE_STYLE, STYLE = "encode_style", "style"  # a style picture's signature, and what it takes

Fit = Literal["crop", "stretch", "detail", "frame"]

Name = Annotated[str, Field(min_length=1, pattern=r"^[^\t\n]*$")]
# Network values lie in a range that float32 keeps apart from 0 and from infinity.
Mean = Annotated[float, Field(ge=-1e6, le=1e6)]
Std = Annotated[float, Field(ge=1e-4, le=1e6)]
MOST_BYTES = 2**31 - 1  # of a file: flatbuffers count in 31 bits
MOST_TEXT = 2**20  # bytes of the zip's end with the JSON in it; shipped ones have 5,000

_MODELS = Path(__file__).parent / "models"
_SUFFIX = ".tflite"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's earliest date: the same input gives the same bytes
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and new lines
# A zip entry's local header: the signature, 26 bytes of fields, the name.
_ENTRY = re.compile(rb"PK\x03\x04.{26}" + re.escape(MEMBER.encode()), re.DOTALL)


# what zipfile raises; ValueError: a place before the file, or a name that is no text
_UNPACKING = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TensorInfo(_Frozen):
    """One input or output of a network, and how it relates to pixels in 0..255.

    Attributes:
        name: as in the signature of the TFLite file.
        description: for people.
        shape: NHWC for pictures.
        dtype: "float32", or "uint8" for pixels as they are (mean 0, std 1).
        mean: of the rule `network value = (pixel - mean) / std`.
        std: of the same rule; above 0.
    """

    name: Name
    description: str
    shape: tuple[int, ...]
    dtype: Literal["float32", "uint8"] = "float32"
    mean: Mean = 0.0
    std: Std = 1.0

    @property
    def is_picture(self) -> bool:
        """Whether it is one, NHWC with three channels."""
        return len(self.shape) == 4 and self.shape[3] == 3

    @model_validator(mode="after")
    def _bytes_are_pixels(self) -> Self:
        if self.dtype == "uint8" and (self.mean, self.std) != (0.0, 1.0):
            raise ValueError("a uint8 tensor holds pixels as they are: mean 0, std 1")
        return self


class Signature(_Frozen):
    """One callable of the file.

    Attributes:
        name: its key there.
        inputs, outputs: in order.
        predicted_ms: as `BundleInfo`'s, of this frame, in a bundle of several; from version 2 on.
    """

    name: Name
    inputs: tuple[TensorInfo, ...] = Field(min_length=1)
    outputs: tuple[TensorInfo, ...] = Field(min_length=1)
    predicted_ms: dict[str, float] | None = None

    @property
    def frame(self) -> Frame:
        """Height and width of its pictures.

        Raises:
            FormatError: it takes none.
        """
        if not self.inputs[0].is_picture:
            raise FormatError(f"signature {self.name!r} takes no picture")
        return self.inputs[0].shape[1:3]


class BundleInfo(_Frozen):
    """What a bundle says of itself.

    Attributes:
        name: short, as on the command line.
        title: one line for people.
        description: a paragraph for people.
        version: of the metadata. 2 says more than 1: several frames or one that is no square, and
            `fit`; a bundle of neither is of version 1, which older readers play.
        signatures: the file's callables, one for each frame; players take the one of a picture's
            orientation.
        precision: of the weights.
        spec: the network's spec as JSON (family, height, width, widths, blocks).
        fit: how pictures of other shapes are played unless it is said otherwise; None leaves it to
            the family.
        predicted_ms: device name to the speed model's latency at the first frame, milliseconds.
        metrics: measured quality by name.
        provenance: how the weights came about: data, seed, steps, commit.
        licence: of the weights, an SPDX expression.
        attribution: lines that must travel with the weights.
    """

    format: Literal["pocketstyle-bundle"] = FORMAT
    version: Literal[1, 2] = 1
    name: Name
    title: str
    description: str
    signatures: tuple[Signature, ...] = Field(min_length=1)
    precision: Literal["fp32", "fp16", "int8-weights", "int8-dynamic", "int8"]
    spec: dict[str, Any]
    fit: Fit | None = None
    predicted_ms: dict[str, float] = {}
    metrics: dict[str, float] = {}
    provenance: dict[str, Any] = {}
    licence: str
    attribution: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _of_its_version(self) -> Self:
        newer = self.fit is not None or any(s.predicted_ms is not None for s in self.signatures)
        if self.version == 1 and newer:
            raise ValueError("a fit, or latencies of a signature, which come with version 2")
        return self

    @property
    def stylizers(self) -> tuple[Signature, ...]:
        """The signatures that stylize, one for each frame, from the file's first."""
        first, *further = self.signatures
        return (first, *(signature for signature in further if signature.name != ENCODE_STYLE))

    def signature(self, size: Size | None = None) -> Signature:
        """The one that stylizes pictures of this frame; None takes the first.

        Raises:
            UsageError: there is none.
        """
        if size is None:
            return self.stylizers[0]
        frames = {signature.frame: signature for signature in self.stylizers}
        if frame_of(size) not in frames:
            raise UsageError(
                f"{self.name} has no frame of {frame_text(frame_of(size))}; "
                f"it has {', '.join(map(frame_text, frames))}"
            )
        return frames[frame_of(size)]

    def to_json(self) -> str:
        """As a file has it; fields of version 2 are left out where they are not set."""
        fields = self.model_dump(mode="json")
        if self.fit is None:
            del fields["fit"]
        for signature in fields["signatures"]:
            if signature["predicted_ms"] is None:
                del signature["predicted_ms"]
        return json.dumps(fields, indent=1, ensure_ascii=False)


def read_info(path: str | Path) -> BundleInfo:
    """Read what a bundle says of itself; the network is not loaded.

    Raises:
        DataError: the file is missing or unreadable, or none at all but a folder or a device.
        FormatError: no TFLite file, no pocketstyle metadata in it, damaged, of another version, or
            with fields that are missing, unknown, twice there or out of range.
    """
    path = Path(path)
    try:
        if not path.is_file() and path.exists():
            raise DataError(f"cannot read {path}: no file")
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(f"{path} is not a TFLite file: larger than any")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if not _is_tflite(data):
        raise FormatError(f"{path} is not a TFLite file")
    return _parse(_member(data, path), path)


def append_info(tflite: bytes, info: BundleInfo) -> bytes:
    """A bundle's bytes: those of the network, unchanged, then the zip with `info`.

    The zip is stored uncompressed under a fixed date, so equal arguments give equal bytes. A zip
    that the file already ends with (TFLite's associated files) keeps its entries.

    Raises:
        FormatError: `tflite` is no TFLite file, or is a bundle already.
    """
    if not _is_tflite(tflite):
        raise FormatError("the network's bytes are not a TFLite file")
    if _ENTRY.search(tflite):
        raise FormatError("the file already has pocketstyle metadata")
    buffer = io.BytesIO(tflite)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(MEMBER, _EPOCH), info.to_json())
    return buffer.getvalue()


def shipped() -> dict[str, Path]:
    """The bundles that come with the package, by name."""
    return {path.stem: path for path in sorted(_MODELS.glob(f"*{_SUFFIX}"))}


def is_shipped(path: str | Path) -> bool:
    """Whether a file comes with the package."""
    return Path(path).resolve().parent == _MODELS.resolve()


def resolve(name_or_path: str | Path) -> Path:
    """The path of a bundle: a shipped name, else the path itself if something is there.

    Raises:
        UsageError: neither; the message names the shipped bundles.
    """
    bundles = shipped()
    if str(name_or_path) in bundles:
        return bundles[str(name_or_path)]
    if Path(name_or_path).exists():
        return Path(name_or_path)
    known = ", ".join(bundles) or "none"
    raise UsageError(f"no bundle {name_or_path}: not a file, and the shipped ones are: {known}")


def _is_tflite(data: bytes) -> bool:
    return data[4:8] == b"TFL3"


def _member(data: bytes, path: Path) -> bytes:
    try:
        # the end alone: many entries, and large ones before it, cost nothing
        with zipfile.ZipFile(io.BytesIO(data[-MOST_TEXT:])) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename == MEMBER]
            if len(entries) > 1:
                raise FormatError(f"{path} has {MEMBER} twice")
            if entries and entries[0].compress_type != zipfile.ZIP_STORED:
                raise FormatError(f"{path} has {MEMBER} compressed, which bundles have stored")
            if entries:
                return archive.read(MEMBER)
    except _UNPACKING as error:
        if _ENTRY.search(data):
            raise FormatError(f"{path} is damaged: its metadata cannot be unpacked") from error
    raise FormatError(
        f"{path} is a TFLite file without pocketstyle metadata, or cut short; "
        "make a bundle with `pocketstyle convert`"
    )


def _parse(text: bytes, path: Path) -> BundleInfo:
    try:
        fields = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        if any(CONTROL.search(said) for said in _texts(fields)):
            raise ValueError("control characters, which a terminal would obey")
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is damaged: its metadata is not JSON") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise FormatError(f"{path}: its {MEMBER} is not of format {FORMAT!r}")
    version = fields.get("version")
    if isinstance(version, int) and version > VERSION:
        raise FormatError(
            f"{path} was made by a newer pocketstyle "
            f"(bundle version {version}, this one reads {VERSION})"
        )
    try:
        return BundleInfo.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        where = f" at {' '.join(field.split())[:80]}" if field else ""  # a key may be any text
        raise FormatError(f"{path}: bad metadata{where}: {first['msg']}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a JSON; readers differ on which value of a key that is twice there counts."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is twice there")
    return fields


def _texts(value: Any) -> Iterator[str]:
    """Every text of a JSON, the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for one in pair for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
