"""TFLite's standard metadata: what Android Studio, MediaPipe and Netron show of a model.

A second flatbuffer inside the model's, of the schema `metadata_schema.fbs` of tflite-support
(file identifier "M001"). The numbers below are that schema's field positions.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import number_types as flags

from .. import __version__
from ..errors import FormatError
from ..sdk.bundle import CONTROL, MEMBER, BundleInfo, Signature, TensorInfo
from .flatbuffer import read_model, write_model

NAME = "TFLITE_METADATA"
IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.0"  # of the schema: the first that has all the fields written here

RGB = 1  # ColorSpaceType
DESCRIPTIONS = 1  # AssociatedFileType
IMAGE_PROPERTIES = 2  # of the union ContentProperties
NORMALIZATION = 1  # of the union ProcessUnitOptions


def embed_metadata(tflite: bytes, info: BundleInfo) -> bytes:
    """A TFLite file with the metadata of `info` in it, in place of any that it had."""
    model = read_model(tflite)
    buffer = schema.BufferT()
    buffer.data = model_metadata(info)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [old for old in model.metadata or [] if old.name != NAME.encode()]
    model.metadata.append(entry)
    return write_model(model)


def model_metadata(info: BundleInfo) -> bytes:
    """The metadata flatbuffer alone."""
    builder = flatbuffers.Builder(1024)
    graphs = [_graph(builder, signature) for signature in info.signatures]
    card = _table(
        builder,
        {
            0: builder.CreateString(MEMBER),
            1: builder.CreateString("Spec, latencies, metrics, provenance and licence as JSON."),
        },
        {2: DESCRIPTIONS},
    )
    root = _table(
        builder,
        {
            0: builder.CreateString(info.name),
            1: builder.CreateString(info.description),
            2: builder.CreateString(__version__),
            3: _vector(builder, graphs),
            4: builder.CreateString("pocketstyle"),
            5: builder.CreateString("\n".join((info.licence, *info.attribution))),
            6: _vector(builder, [card]),
            7: builder.CreateString(PARSER_VERSION),
        },
    )
    builder.Finish(root, IDENTIFIER)
    return bytes(builder.Output())


def read_metadata(tflite: bytes) -> dict[str, Any] | None:
    """The metadata of any TFLite file as far as it can be shown; None where there is none.

    Raises:
        FormatError: it cannot be read.
    """
    for entry in (model := read_model(tflite)).metadata or []:
        if entry.name == NAME.encode():
            try:
                data = bytes(model.buffers[entry.buffer].data)
                root = _Reader(data, int.from_bytes(data[:4], "little"))
                return {
                    "name": root.text(0),
                    "description": root.text(1),
                    "version": root.text(2),
                    "author": root.text(4),
                    "licence": root.text(5),
                    "files": [file.text(0) for file in root.tables(6)],
                    "graphs": [_read_graph(graph) for graph in root.tables(3)],
                }
            except (struct.error, IndexError, TypeError, ValueError) as error:
                raise FormatError(f"the TFLite metadata are damaged: {error}") from error
    return None


def _read_graph(graph: _Reader) -> dict[str, Any]:
    ends = {"inputs": graph.tables(2), "outputs": graph.tables(3)}
    return {"name": graph.text(0)} | {
        end: [_read_tensor(tensor) for tensor in tensors] for end, tensors in ends.items()
    }


def _read_tensor(tensor: _Reader) -> dict[str, Any]:
    read: dict[str, Any] = {"name": tensor.text(0), "description": tensor.text(1)}
    for content in tensor.table(3):
        for size in (size for image in content.table(1) for size in image.table(1)):
            read["image"] = {"width": size.number(0), "height": size.number(1)}
    for unit in tensor.tables(4):
        if unit.byte(0) == NORMALIZATION:
            (options,) = unit.table(1)
            read["normalisation"] = {"mean": options.floats(0), "std": options.floats(1)}
    for stats in tensor.table(5):
        read["range"] = {"min": stats.floats(1), "max": stats.floats(0)}
    return read


class _Reader:
    """A table of a flatbuffer, its fields by position; one that is not there reads as empty."""

    def __init__(self, data: bytes, at: int):
        self._table = flatbuffers.table.Table(data, at)

    def _at(self, position: int) -> int:
        offset = self._table.Offset(4 + 2 * position)
        return offset and self._table.Pos + offset

    def text(self, position: int) -> str:
        at = self._at(position)
        said = self._table.String(at).decode() if at else ""
        if CONTROL.search(said):
            raise ValueError("control characters in a text")
        return said

    def byte(self, position: int) -> int:
        at = self._at(position)
        return self._table.Get(flags.Uint8Flags, at) if at else 0

    def number(self, position: int) -> int:
        at = self._at(position)
        return self._table.Get(flags.Uint32Flags, at) if at else 0

    def floats(self, position: int) -> list[float]:
        offset = self._table.Offset(4 + 2 * position)
        return self._table.GetVectorAsNumpy(flags.Float32Flags, offset).tolist() if offset else []

    def table(self, position: int) -> list[_Reader]:
        """The table in a field, or none."""
        at = self._at(position)
        return [_Reader(self._table.Bytes, self._table.Indirect(at))] if at else []

    def tables(self, position: int) -> list[_Reader]:
        """The tables of a vector."""
        offset = self._table.Offset(4 + 2 * position)
        if not offset:
            return []
        start = self._table.Vector(offset)
        places = (start + 4 * i for i in range(self._table.VectorLen(offset)))
        return [_Reader(self._table.Bytes, self._table.Indirect(at)) for at in places]


def _graph(builder: flatbuffers.Builder, signature: Signature) -> int:
    """SubGraphMetadata of a signature."""
    to_network = [_tensor(builder, t, t.mean, t.std) for t in signature.inputs]
    # the schema's (x - mean) / std, from the network's output to pixels
    to_pixels = [_tensor(builder, t, -t.mean / t.std, 1 / t.std) for t in signature.outputs]
    return _table(
        builder,
        {
            0: builder.CreateString(signature.name),
            2: _vector(builder, to_network),
            3: _vector(builder, to_pixels),
        },
    )


def _tensor(builder: flatbuffers.Builder, tensor: TensorInfo, mean: float, std: float) -> int:
    """TensorMetadata; of an RGB picture with `mean` and `std` of its process unit."""
    said = {0: builder.CreateString(tensor.name), 1: builder.CreateString(tensor.description)}
    if tensor.is_picture:
        said |= _picture(builder, tensor, mean, std)
    return _table(builder, said)


def _picture(
    builder: flatbuffers.Builder, tensor: TensorInfo, mean: float, std: float
) -> dict[int, int]:
    """What TensorMetadata says of a picture, by position."""
    _, height, width, _ = tensor.shape
    builder.StartObject(2)  # ImageSize
    builder.PrependUint32Slot(0, width, 0)
    builder.PrependUint32Slot(1, height, 0)
    size = builder.EndObject()
    image = _table(builder, {1: size}, {0: RGB})
    content = _table(builder, {1: image}, {0: IMAGE_PROPERTIES})
    options = _table(builder, {0: _float(builder, mean), 1: _float(builder, std)})
    unit = _table(builder, {1: options}, {0: NORMALIZATION})
    low, high = (0 - tensor.mean) / tensor.std, (255 - tensor.mean) / tensor.std
    stats = _table(builder, {0: _float(builder, high), 1: _float(builder, low)})
    return {3: content, 4: _vector(builder, [unit]), 5: stats}


def _table(
    builder: flatbuffers.Builder, offsets: dict[int, int], numbers: dict[int, int] | None = None
) -> int:
    """A table from its fields by position: offsets of written objects, and one-byte numbers."""
    numbers = numbers or {}
    builder.StartObject(max((*offsets, *numbers)) + 1)
    for position, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(position, offset, 0)
    for position, number in numbers.items():
        builder.PrependUint8Slot(position, number, 0)
    return builder.EndObject()


def _vector(builder: flatbuffers.Builder, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


def _float(builder: flatbuffers.Builder, value: float) -> int:
    """A vector of one float; the schema spreads it over the channels."""
    return builder.CreateNumpyVector(np.array([value], np.float32))
