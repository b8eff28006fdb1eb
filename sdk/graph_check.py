"""Is the network in a file of others one that a TFLite runtime can be trusted with?

LiteRT verifies that a file is a flatbuffer and its kernels check what they are given, but it takes
the graph between them at its word: a tensor that nothing computes, or one that is computed although
it is stored, is a crash of the process. Field numbers are those of TFLite's schema.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError
from .bundle import CONTROL, is_shipped
from .interpreter import check_memory

# A small file may list one table many times, in lists that are themselves listed many times.
MOST_PARTS = 100_000  # tensors and operators
MOST_LISTED = 256  # graphs, signatures, and what goes into or out of one of them or of an operator
MOST_AXES = 8

TYPES = (0, 1, 2, 3, 4, 6, 7, 9)  # TensorType: floats, integers and booleans of whole bytes
VERSION = 3  # of the schema, from its first release on
MISSING = -1  # an optional input that is left out


@dataclass(frozen=True)
class _Rule:
    """An operator: how many inputs it has, and which of them are stored with the network.

    Where sizes and axes are computed, what a tensor takes is known when it is too late.
    """

    name: str
    inputs: range
    stored: slice


_NONE, _FIRST, _MORE = slice(0), slice(1), slice(1, None)
# By BuiltinOperator: what style networks are made of. No control flow, resources, strings,
# recurrent cells, random numbers or custom operators.
OPERATORS = {
    int(number): _Rule(name, range(least, most + 1), stored)
    for least, most, stored, listed in (
        (1, 1, _NONE, "1 AVERAGE_POOL_2D, 5 DEPTH_TO_SPACE, 6 DEQUANTIZE, 8 FLOOR, 12 L2_POOL_2D"),
        (1, 1, _NONE, "11 L2_NORMALIZATION, 13 LOCAL_RESPONSE_NORMALIZATION, 14 LOGISTIC"),
        (1, 1, _NONE, "17 MAX_POOL_2D, 19 RELU, 20 RELU_N1_TO_1, 21 RELU6, 25 SOFTMAX, 28 TANH"),
        (1, 1, _NONE, "26 SPACE_TO_DEPTH, 43 SQUEEZE, 47 EXP, 50 LOG_SOFTMAX, 53 CAST, 59 NEG"),
        (1, 1, _NONE, "66 SIN, 73 LOG, 75 SQRT, 76 RSQRT, 87 LOGICAL_NOT, 88 UNPACK, 92 SQUARE"),
        (1, 1, _NONE, "93 ZEROS_LIKE, 98 LEAKY_RELU, 101 ABS, 104 CEIL, 108 COS, 111 ELU"),
        (1, 1, _NONE, "114 QUANTIZE, 116 ROUND, 117 HARD_SWISH, 150 GELU, 152 RELU_0_TO_1"),
        (1, 1, _NONE, "158 SIGN"),
        (2, 2, _NONE, "0 ADD, 18 MUL, 36 GATHER, 41 SUB, 42 DIV, 54 PRELU, 55 MAXIMUM, 57 MINIMUM"),
        (2, 2, _NONE, "58 LESS, 61 GREATER, 62 GREATER_EQUAL, 63 LESS_EQUAL, 71 EQUAL"),
        (2, 2, _NONE, "72 NOT_EQUAL, 78 POW, 84 LOGICAL_OR, 86 LOGICAL_AND, 90 FLOOR_DIV"),
        (2, 2, _NONE, "95 FLOOR_MOD, 99 SQUARED_DIFFERENCE, 126 BATCH_MATMUL, 156 ATAN2"),
        (3, 3, _NONE, "64 SELECT, 123 SELECT_V2"),
        (2, 3, _NONE, "3 CONV_2D, 9 FULLY_CONNECTED"),
        (3, 3, _NONE, "4 DEPTHWISE_CONV_2D"),
        (1, MOST_LISTED, _NONE, "2 CONCATENATION, 83 PACK, 106 ADD_N"),
        (2, 2, _MORE, "23 RESIZE_BILINEAR, 34 PAD, 39 TRANSPOSE, 40 MEAN, 56 ARG_MAX"),
        (2, 2, _MORE, "69 TILE, 70 EXPAND_DIMS, 74 SUM, 79 ARG_MIN, 81 REDUCE_PROD, 82 REDUCE_MAX"),
        (2, 2, _MORE, "89 REDUCE_MIN, 97 RESIZE_NEAREST_NEIGHBOR, 100 MIRROR_PAD, 105 REVERSE_V2"),
        (1, 2, _MORE, "22 RESHAPE"),
        (2, 2, _MORE, "128 CUMSUM, 130 BROADCAST_TO"),
        (
            3,
            3,
            _MORE,
            "37 BATCH_TO_SPACE_ND, 38 SPACE_TO_BATCH_ND, 60 PADV2, 65 SLICE, 102 SPLIT_V",
        ),
        (4, 4, _MORE, "45 STRIDED_SLICE"),
        (2, 2, _FIRST, "49 SPLIT"),
        (3, 4, _FIRST, "67 TRANSPOSE_CONV"),
    )
    for number, name in (one.split() for one in listed.split(","))
}


def check_network(path: str | Path) -> None:
    """Check the network of a file that is not shipped, before a runtime plays it.

    Raises:
        PocketstyleError: no runtime is installed.
        FormatError: as `check_graphs` and `check_memory`.
    """
    if not is_shipped(path):
        check_graphs(path)
        check_memory(path)


def check_graphs(path: str | Path) -> None:
    """Check the graphs of a file before a runtime sees it.

    Raises:
        FormatError: it is no network that computes its outputs from its inputs, operator by
            operator: an index out of range, a tensor that nothing computes or two operators do, an
            operator that style networks do not have or weights outside of the file.
    """
    data = Path(path).read_bytes()
    try:
        problem = next(_problems(data), None)
    except (struct.error, ValueError, OverflowError) as error:
        raise FormatError(f"{path} is damaged: its network cannot be read") from error
    if problem:
        raise FormatError(f"{path} is refused: {problem}")


def _problems(data: bytes) -> Iterator[str]:
    model = _Table(data, _number(data, 0, "I"))
    if model.tables(8) or model.tables(9):
        yield "its weights are in other files"
    graphs, buffers = model.tables(2), model.tables(4)
    if not graphs or model.number(0, "I") != VERSION:
        yield "its network has no graph, or is of another version"
    for buffer in buffers:
        offset, size = buffer.number(1, "Q"), buffer.number(2, "Q")
        if offset > 1 and offset + size > len(data):
            yield "its weights lie outside of the file"
    stored = [bool(buffer.count(0) or buffer.number(1, "Q") > 1) for buffer in buffers]
    codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
    if sum(graph.count(0) + graph.count(3) for graph in graphs) > MOST_PARTS:
        yield f"it has more than {MOST_PARTS} tensors and operators"
    signatures = model.tables(7)
    lists = (len(graphs), len(signatures), *(one.count(f) for one in graphs for f in (1, 2)))
    if max(*lists, *(one.count(f) for one in signatures for f in (0, 1))) > MOST_LISTED:
        yield f"it has more than {MOST_LISTED} graphs, signatures, inputs or outputs"
    if any(not entry.count(0) or entry.number(1, "I") >= len(buffers) for entry in model.tables(6)):
        yield "its metadata have no name or are out of range"
    for graph in graphs:
        tensors = graph.tables(0)
        for tensor in tensors:
            yield from _tensor_problems(tensor, len(buffers))
        constant = [stored[tensor.number(2, "I")] for tensor in tensors]
        yield from _flow_problems(graph, constant, codes)
    for signature in signatures:
        yield from _signature_problems(signature, graphs)


def _tensor_problems(tensor: _Table, buffers: int) -> Iterator[str]:
    if tensor.number(2, "I") >= buffers:
        yield "a tensor's buffer is out of range"
    if CONTROL.search(tensor.text(3)):
        yield "a tensor has a name with control characters"
    if tensor.number(1, "b") not in TYPES:
        yield f"a tensor is of type {tensor.number(1, 'b')}, which style networks do not have"
    if tensor.count(0) > MOST_AXES:
        yield f"a tensor has {tensor.count(0)} axes"
    if any(side < 1 for side in tensor.numbers(0)):
        yield f"a tensor has the shape {list(tensor.numbers(0))}"
    if tensor.number(5, "B") or tensor.has(6) or tensor.has(9) or tensor.number(10, "I"):
        yield "a tensor is a variable, sparse or in another file"


def _flow_problems(graph: _Table, constant: list[bool], codes: list[int]) -> Iterator[str]:
    """Every tensor is there before it is needed, and computed once."""
    known, inputs, outputs = set(), graph.numbers(1), graph.numbers(2)
    if any(i not in range(len(constant)) for i in (*inputs, *outputs)):
        yield "a tensor's index is out of range"
    if any(constant[i] for i in inputs):
        yield "an input is stored with the network"
    known.update(inputs, (i for i, kept in enumerate(constant) if kept))
    for operator in graph.tables(3):
        if operator.number(0, "I") >= len(codes):
            yield "an operator's code is out of range"
        code = codes[operator.number(0, "I")]
        rule = OPERATORS.get(code)
        if rule is None:
            yield f"it has an operator ({code}) that style networks do not have"
        if operator.count(1) not in rule.inputs or not 0 < operator.count(2) <= MOST_LISTED:
            yield f"{rule.name} has {operator.count(1)} inputs and {operator.count(2)} outputs"
        needs, makes = operator.numbers(1), operator.numbers(2)
        if any(i not in known for i in needs if i != MISSING):
            yield f"{rule.name} needs a tensor that nothing has computed"
        if MISSING in needs[:2] or not all(constant[i] for i in needs[rule.stored]):
            yield f"{rule.name} lacks what has to be stored with the network"
        if any(i not in range(len(constant)) or i in known for i in makes):
            yield f"{rule.name} computes what is already there, or no tensor"
        known.update(makes)
    if not known.issuperset(outputs):
        yield "an output is computed by nothing"


def _signature_problems(signature: _Table, graphs: list[_Table]) -> Iterator[str]:
    """A signature names inputs and outputs of a graph."""
    if signature.number(4, "I") >= len(graphs):
        yield "a signature's graph is out of range"
    graph = graphs[signature.number(4, "I")]
    for ends, field in ((signature.tables(0), 1), (signature.tables(1), 2)):
        known = set(graph.numbers(field))
        if any(end.number(1, "I") not in known for end in ends):
            yield "a signature names a tensor that is no input or output of its graph"
        if not all(end.count(0) for end in ends):
            yield "a signature has an input or output without a name"
    if not signature.count(2):
        yield "a signature has no name"


class _Table:
    """A table of a flatbuffer, its fields by number."""

    def __init__(self, data: bytes, at: int):
        self._data, self._at = data, at
        self._fields = at - _number(data, at, "i")
        self._size = _number(data, self._fields, "H")

    def _place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        offset = _number(self._data, self._fields + entry, "H") if entry < self._size else 0
        return self._at + offset if offset else None

    def has(self, field: int) -> bool:
        return self._place(field) is not None

    def number(self, field: int, kind: str) -> int:
        """A number, by its letter in `struct`; 0 where it is not there."""
        at = self._place(field)
        return 0 if at is None else _number(self._data, at, kind)

    def count(self, field: int) -> int:
        """How long a vector or a text is; 0 where it is not there."""
        at = self._place(field)
        return 0 if at is None else _number(self._data, at + _number(self._data, at, "I"), "I")

    def text(self, field: int) -> str:
        at, count = self._place(field), self.count(field)
        if not count:
            raise ValueError("a text is missing")
        at += _number(self._data, at, "I") + 4
        return self._data[at : at + count].decode()

    def numbers(self, field: int, kind: str = "i") -> tuple[int, ...]:
        """A vector of numbers of four bytes."""
        at, count = self._place(field), self.count(field)
        if count > MOST_PARTS:
            raise ValueError("a longer vector than any network has")
        if not count:
            return ()
        return struct.unpack_from(
            f"<{count}{kind}", self._data, at + _number(self._data, at, "I") + 4
        )

    def tables(self, field: int) -> list[_Table]:
        offsets = self.numbers(field, "I")
        at = self._place(field)
        first = at + _number(self._data, at, "I") + 4 if offsets else 0
        return [_Table(self._data, first + 4 * i + n) for i, n in enumerate(offsets)]


def _number(data: bytes, at: int, kind: str) -> int:
    if at < 0:  # which struct would count from the end
        raise ValueError("an offset before the file")
    return struct.unpack_from(f"<{kind}", data, at)[0]
