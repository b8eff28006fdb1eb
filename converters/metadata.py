"""TFLite's standard metadata: what Android Studio, MediaPipe and Netron show of a model.

A second flatbuffer inside the model's, of the schema `metadata_schema.fbs` of tflite-support
(file identifier "M001"). The numbers below are that schema's field positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .. import __version__
from ..sdk.bundle import MEMBER, BundleInfo, TensorInfo
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
    signature = info.signatures[0]
    to_network = [_tensor(builder, t, t.mean, t.std) for t in signature.inputs]
    # the schema's (x - mean) / std, from the network's output to pixels
    to_pixels = [_tensor(builder, t, -t.mean / t.std, 1 / t.std) for t in signature.outputs]
    graph = _table(
        builder,
        {
            0: builder.CreateString(signature.name),
            2: _vector(builder, to_network),
            3: _vector(builder, to_pixels),
        },
    )
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
            3: _vector(builder, [graph]),
            4: builder.CreateString("pocketstyle"),
            5: builder.CreateString("\n".join((info.licence, *info.attribution))),
            6: _vector(builder, [card]),
            7: builder.CreateString(PARSER_VERSION),
        },
    )
    builder.Finish(root, IDENTIFIER)
    return bytes(builder.Output())


def _tensor(builder: flatbuffers.Builder, tensor: TensorInfo, mean: float, std: float) -> int:
    """TensorMetadata of an RGB picture; `mean` and `std` of its process unit."""
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
    return _table(
        builder,
        {
            0: builder.CreateString(tensor.name),
            1: builder.CreateString(tensor.description),
            3: content,
            4: _vector(builder, [unit]),
            5: stats,
        },
    )


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
