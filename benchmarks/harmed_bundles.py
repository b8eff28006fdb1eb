"""Bundles made to harm: by hand, and by chance from shipped ones."""

from __future__ import annotations

import copy
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from pocketstyle.converters.flatbuffer import read_model, write_model
from pocketstyle.sdk import append_info, read_info, shipped
from pocketstyle.sdk.bundle import MEMBER, BundleInfo

SEEDS = ("heads", "artnet-256")  # a picture network, and one that takes a style

# what flatbuffers' own writer raises for numbers that no file can hold, and edits that meet nothing
UNWRITABLE = (struct.error, TypeError, ValueError, LookupError, AttributeError, OverflowError)
WORDS = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
NUMBERS = (-(2**31), -7, -1, 0, 1, 2, 3, 5, 64, 4096, 65537, 2**20, 2**31 - 1)
VALUES = (
    *(None, True, "", "no", "../../etc/passwd", "/etc/passwd", "a\nb", "\x1b[2J", "[/red]", "\x00"),
    *(-1, 0, 1e-320, 1e308, 10**30, float("nan"), float("inf"), [], {}, [[]], "x" * 10**6),
)


def network_of(bundle: bytes) -> bytes:
    """A bundle without the zip at its end."""
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        return bundle[: archive.getinfo(MEMBER).header_offset]


def with_member(network: bytes, text: bytes | str) -> bytes:
    """A bundle with anything in place of its JSON."""
    buffer = BytesIO(network)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(MEMBER, text)
    return buffer.getvalue()


def structure(network: bytes) -> np.ndarray:
    """Where the file has no weights: positions of its other bytes."""
    model = schema.Model.GetRootAs(network)
    other = np.ones(len(network), bool)
    start = np.frombuffer(network, np.uint8).ctypes.data
    for i in range(model.BuffersLength()):
        data = model.Buffers(i).DataAsNumpy()
        if isinstance(data, np.ndarray):
            first = data.ctypes.data - start
            other[first : first + len(data)] = False
    return np.flatnonzero(other)


def flipped(network: bytes, places: np.ndarray, chance: random.Random) -> bytes:
    harmed = bytearray(network)
    for _ in range(chance.choice((1, 1, 3, 30))):
        harmed[chance.choice(places)] ^= 1 << chance.randrange(8)
    return bytes(harmed)


def overwritten(network: bytes, places: np.ndarray, chance: random.Random) -> bytes:
    """Words of four bytes replaced: offsets, lengths and numbers."""
    harmed = bytearray(network)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = int(chance.choice(places)) & ~3
        word = chance.choice((*WORDS, chance.randrange(len(network))))
        harmed[at : at + 4] = word.to_bytes(4, "little")
    return bytes(harmed)


def rewired(network: bytes, chance: random.Random) -> bytes:
    """A well-formed file whose parts do not fit: sizes, indices, types, operators, options."""
    while True:
        model = read_model(network)
        try:
            for _ in range(chance.choice((1, 1, 1, 3))):
                chance.choice(REWIRINGS)(model, chance.choice(model.subgraphs), chance)
            return written(model)
        except UNWRITABLE:
            continue


def written(model: Any) -> bytes:
    """The model as it is; `write_model` brings buffers from behind the flatbuffer into it."""
    if not any(buffer.offset for buffer in model.buffers):
        return write_model(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _shape(model: Any, graph: Any, chance: random.Random) -> None:
    tensor = chance.choice(graph.tensors)
    shape = [int(n) for n in ([] if tensor.shape is None else tensor.shape)] or [1]
    shape[chance.randrange(len(shape))] = chance.choice(NUMBERS)
    tensor.shape = chance.choice((shape, shape, shape, shape[1:], [*shape, 2], [1] * 40))


def _type(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.tensors).type = chance.choice((*range(22), 100, -1))


def _buffer(model: Any, graph: Any, chance: random.Random) -> None:
    index = chance.choice((*range(len(model.buffers)), len(model.buffers), 2**31, 2**32 - 1))
    chance.choice(graph.tensors).buffer = index


def _data(model: Any, graph: Any, chance: random.Random) -> None:
    buffer = chance.choice([one for one in model.buffers if one.data is not None])
    data = np.array(buffer.data, np.uint8)
    kept = data[: chance.randrange(len(data))] if len(data) else data
    buffer.data = chance.choice((kept, None, np.frombuffer(chance.randbytes(len(data)), np.uint8)))


def _ends(model: Any, graph: Any, chance: random.Random) -> None:
    operator = chance.choice(graph.operators)
    holder, name = chance.choice(
        ((operator, "inputs"), (operator, "outputs"), (graph, "inputs"), (graph, "outputs"))
    )
    ends = [int(i) for i in getattr(holder, name)]
    anything = (*range(len(graph.tensors)), len(graph.tensors), -1, -2, 2**31 - 1, -(2**31))
    if ends:
        ends[chance.randrange(len(ends))] = chance.choice(anything)
    setattr(holder, name, chance.choice((ends, ends, ends, ends[1:], [*ends, 0], [])))


def _code(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.operators).opcodeIndex = chance.choice(
        (*range(len(model.operatorCodes)), len(model.operatorCodes), 2**32 - 1)
    )


def _operator(model: Any, graph: Any, chance: random.Random) -> None:
    code = chance.choice(model.operatorCodes)
    code.builtinCode = chance.choice((*range(210), 1000, -1))
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = chance.choice((code.version, 0, 1, 99))
    if code.builtinCode == schema.BuiltinOperator.CUSTOM:
        code.customCode = chance.choice((None, "", "Evil", "FlexConv2D", "TFLite_Detection"))


def _options(model: Any, graph: Any, chance: random.Random) -> None:
    operator = chance.choice([o for o in graph.operators if o.builtinOptions is not None])
    fields = [name for name, value in vars(operator.builtinOptions).items() if value is not None]
    if not fields or chance.random() < 0.2:
        operator.builtinOptions, operator.builtinOptionsType = None, 0
        return
    name = chance.choice(fields)
    small = name in ("padding", "fusedActivationFunction", "mode", "weightsFormat", "resultType")
    if isinstance(getattr(operator.builtinOptions, name), bool):
        setattr(operator.builtinOptions, name, chance.random() < 0.5)
    else:
        number = chance.choice((*range(8), 100, -1) if small else NUMBERS)
        setattr(operator.builtinOptions, name, number)


def _signature(model: Any, graph: Any, chance: random.Random) -> None:
    signature = chance.choice(model.signatureDefs)
    kind = chance.randrange(4)
    if kind == 0:
        signature.subgraphIndex = chance.choice((1, 2, 2**31, 2**32 - 1))
    elif kind == 1:
        signature.signatureKey = chance.choice(("", "other", "a\nb", None))
    else:
        end = chance.choice((signature.inputs, signature.outputs))
        chance.choice(end).tensorIndex = chance.choice((0, 1, len(graph.tensors), 2**32 - 1))
        if kind == 2:
            chance.choice(end).name = chance.choice(("nothing", "", None))


def _outside(model: Any, graph: Any, chance: random.Random) -> None:
    """A buffer behind the flatbuffer, or in a file of its own."""
    if chance.random() < 0.5:
        buffer = chance.choice(model.buffers)
        buffer.data = None
        buffer.offset = chance.choice((2, 1000, 2**32, 2**63, 2**64 - 16))
        buffer.size = chance.choice((1, 1000, 2**32, 2**63, 2**64 - 1))
        return
    group, external = schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    group.name = chance.choice(("../elsewhere/canary", "/etc/passwd"))
    external.id, external.group, external.offset, external.length = 1, 0, 0, 64
    model.externalBufferGroups, model.externalBuffers = [group], [external]
    tensor = chance.choice(graph.tensors)
    tensor.externalBuffer, tensor.buffer = 1, 0


def _quantised(model: Any, graph: Any, chance: random.Random) -> None:
    rule = schema.QuantizationParametersT()
    rule.scale = [chance.choice((0.0, -1.0, 1e-38, 0.1, float("nan")))] * chance.choice((1, 1, 3))
    rule.zeroPoint = [chance.choice((0, 2**40, -1))] * chance.choice((1, 1, 5))
    rule.quantizedDimension = chance.choice((0, 1, 3, -1, 99))
    tensor = chance.choice(graph.tensors)
    tensor.quantization, tensor.type = rule, chance.choice((tensor.type, 2, 3, 7, 9, 17))


def _sparse(model: Any, graph: Any, chance: random.Random) -> None:
    tensor = chance.choice([t for t in graph.tensors if t.shape is not None and len(t.shape)])
    tensor.sparsity = schema.SparsityParametersT()
    tensor.sparsity.traversalOrder = [chance.choice((0, 1, 5, -1)) for _ in tensor.shape]
    tensor.sparsity.blockMap = [chance.choice((0, 7))]
    tensor.sparsity.dimMetadata = []
    for _ in tensor.shape:
        dimension = schema.DimensionMetadataT()
        dimension.format, dimension.denseSize = chance.choice((0, 1)), chance.choice(NUMBERS)
        tensor.sparsity.dimMetadata.append(dimension)


def _missing(model: Any, graph: Any, chance: random.Random) -> None:
    """A field that is not there."""
    lists = (model.operatorCodes, model.buffers, model.metadata, model.signatureDefs)
    lists += (graph.tensors, graph.operators, model.subgraphs, [model])
    one = chance.choice(chance.choice([some for some in lists if some]))
    fields = [name for name, value in vars(one).items() if not isinstance(value, int | float)]
    setattr(one, chance.choice(fields), None)


def _metadata(model: Any, graph: Any, chance: random.Random) -> None:
    entry = chance.choice(model.metadata)
    if chance.random() < 0.5:
        entry.buffer = chance.choice((0, 1, len(model.buffers), 2**31, 2**32 - 1))
    else:
        entry.name = chance.choice((None, "", "min_runtime_version", "reduced_precision_support"))


def _stored(model: Any, graph: Any, chance: random.Random) -> None:
    """What a kernel takes for sizes, axes or paddings."""
    small = [b for b in model.buffers if b.data is not None and 0 < len(b.data) <= 64]
    words = len(buffer.data) // 4 if (buffer := chance.choice(small)) else 0
    numbers = [chance.choice(NUMBERS) for _ in range(words)]
    buffer.data = np.frombuffer(np.array(numbers, np.int32).tobytes(), np.uint8)


def _variable(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.tensors).isVariable = True


def _order(model: Any, graph: Any, chance: random.Random) -> None:
    """Operators that need what comes later, or themselves."""
    if chance.random() < 0.5:
        chance.shuffle(graph.operators)
    else:
        operator = chance.choice(graph.operators)
        operator.inputs = [*operator.outputs, *operator.inputs[1:]]


REWIRINGS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    *(_shape, _shape, _type, _buffer, _data, _ends, _ends, _code, _operator, _options, _options),
    *(_signature, _outside, _quantised, _sparse, _variable, _order, _missing, _metadata, _stored),
)


def resized_inside(network: bytes, side: int) -> bytes:
    """One whose first resizing makes a picture of this side, although all tensors are small."""
    model = read_model(network)
    graph = model.subgraphs[0]
    code = schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR
    resizing = next(
        o for o in graph.operators if model.operatorCodes[o.opcodeIndex].builtinCode == code
    )
    buffer = model.buffers[graph.tensors[resizing.inputs[1]].buffer]
    buffer.data = np.frombuffer(np.array([side, side], np.int32).tobytes(), np.uint8)
    return write_model(model)


def doubled(network: bytes) -> bytes:
    """One that lays its input beside itself forty times: 2^40 pictures, all said to be small."""
    model = read_model(network)
    graph = model.subgraphs[0]
    code = next(
        i
        for i, one in enumerate(model.operatorCodes)
        if one.builtinCode == schema.BuiltinOperator.CONCATENATION
    )
    added, last = [], int(graph.inputs[0])
    for _ in range(40):
        operator, tensor = schema.OperatorT(), copy.copy(graph.tensors[graph.inputs[0]])
        tensor.name = f"doubled{len(added)}"
        operator.opcodeIndex, operator.inputs = code, [last, last]
        operator.outputs = [last := len(graph.tensors)]
        operator.builtinOptionsType = schema.BuiltinOptions.ConcatenationOptions
        operator.builtinOptions = schema.ConcatenationOptionsT()
        operator.builtinOptions.axis = 1
        graph.tensors.append(tensor)
        added.append(operator)
    graph.operators = added + graph.operators
    return write_model(model)


def told_wrongly(network: bytes, info: BundleInfo, chance: random.Random) -> bytes:
    """One place of the JSON replaced."""
    fields = info.model_dump(mode="json")
    place: Any = fields
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.15:
            break
        place = place[key]
    place[key] = chance.choice(VALUES)
    if isinstance(place, dict) and chance.random() < 0.1:
        place[str(chance.choice(VALUES))[:99]] = chance.choice(VALUES)
    return with_member(network, json.dumps(fields))


def tricks(network: bytes, info: BundleInfo) -> Iterator[tuple[str, bytes]]:
    """Constructed ones: of the JSON, of the zip, of the file."""
    text = info.model_dump_json()
    yield "deep JSON", with_member(network, "[" * 10**5 + "]" * 10**5)
    yield "deep spec", with_member(network, text.replace('"spec":{', '"spec":{"a":' + "[" * 900, 1))
    yield "keys twice", with_member(network, text.replace("{", '{"name":"other",', 1))
    yield "not UTF-8", with_member(network, text.encode().replace(b'"title":"', b'"title":"\xff'))
    yield "UTF-16", with_member(network, text.encode("utf-16"))
    yield "half a surrogate", with_member(network, text.replace('"title":"', r'"title":"\ud800'))
    yield "a long number", with_member(network, '{"version":' + "9" * 10**5 + "}")
    yield "a long JSON", with_member(network, text + " " * 2 * 10**7)
    buffer = BytesIO(network)
    with zipfile.ZipFile(buffer, "a") as archive:
        for i in range(60000):
            archive.writestr(zipfile.ZipInfo(f"{i}"), b"")
        archive.writestr(MEMBER, text)
    yield "many entries", buffer.getvalue()
    buffer = BytesIO(network)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name in ("../elsewhere/canary", "/etc/passwd", "../../../tmp/hostile", MEMBER):
            archive.writestr(name, text)
    yield "paths in the zip", buffer.getvalue()
    whole = append_info(network, info)
    for name, at in (("size", 20), ("size unpacked", 24), ("offset", 42)):
        record = bytearray(whole)
        first = whole.rindex(b"PK\x01\x02")
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            record[first + at : first + at + 4] = value.to_bytes(4, "little")
            yield f"zip with another {name}", bytes(record)
    entry = bytearray(whole)
    entry[whole.rindex(b"PK\x01\x02") + 8] |= 1
    yield "encrypted", bytes(entry)
    yield "no network", append_info(b"\x1c\x00\x00\x00TFL3" + bytes(100), info)
    yield "head alone", append_info(network[:8], info)
    yield "zeros behind the head", append_info(network[:8] + bytes(len(network)), info)
    for side in (1024, 2048, 4096, 16384, 65535):
        yield "a larger picture inside", append_info(resized_inside(network, side), info)
    yield "doubled again and again", append_info(doubled(network), info)
    yield "its own root", append_info(b"\x00\x00\x00\x00TFL3" + network[8:], info)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = BytesIO(network)
        with zipfile.ZipFile(buffer, "a", method) as archive:
            archive.writestr(MEMBER, " " * 5 * 10**7)
        yield f"zip bomb {method}", buffer.getvalue()


def made_of() -> Iterator[tuple[str, bytes, bytes, BundleInfo]]:
    """What is harmed: name, bundle, its network, its metadata."""
    for name in SEEDS:
        path = shipped()[name]
        bundle = path.read_bytes()
        yield name, bundle, network_of(bundle), read_info(path)


def constructed() -> Iterator[tuple[str, str, bytes]]:
    """Kind of harm, what it was made from, bytes: whole ones, then tricks."""
    for name, bundle, network, info in made_of():
        yield "whole", name, bundle
        yield "rewritten", name, append_info(write_model(read_model(network)), info)
    name, _, network, info = next(made_of())
    yield from ((kind, name, data) for kind, data in tricks(network, info))


def harmed(count: int, chance: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Likewise, by chance."""
    made = [(*one, structure(one[2])) for one in made_of()]
    for i in range(count):
        name, bundle, network, info, places = chance.choice(made)
        harm = HARMS[i % len(HARMS)]
        if harm == "flipped":
            yield harm, name, flipped(bundle, np.arange(len(bundle)), chance)
        elif harm == "cut":
            yield harm, name, bundle[: chance.randrange(len(bundle))]
        elif harm == "network cut":
            yield harm, name, append_info(network[: chance.randrange(8, len(network))], info)
        elif harm == "structure flipped":
            yield harm, name, append_info(flipped(network, places, chance), info)
        elif harm == "structure overwritten":
            yield harm, name, append_info(overwritten(network, places, chance), info)
        elif harm == "metadata":
            yield harm, name, told_wrongly(network, info, chance)
        else:
            yield harm, name, append_info(rewired(network, chance), info)


HARMS = (
    *("flipped", "cut", "network cut", "structure flipped", "structure overwritten", "metadata"),
    *("rewired", "rewired", "rewired", "structure flipped", "structure overwritten", "rewired"),
)
