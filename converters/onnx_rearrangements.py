"""Reshape, Transpose, Reshape: what moves channels and pixels through five axes or six, as one
convolution. Phone GPUs know four axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .onnx_graph import Constants, Node, Shapes, only_readers


@dataclass
class Rearrangement:
    """Three nodes, and where each value comes from: int[C', H', W'] of a flat [C, H, W]."""

    nodes: tuple[Node, Node, Node]
    source: np.ndarray
    shape: tuple[int, int, int]  # of what goes in


def rearrangements(
    nodes: list[Node], constants: Constants, shapes: Shapes
) -> Iterator[Rearrangement]:
    """Those of one picture's map into another map."""
    after = only_readers(nodes)
    for apart in [node for node in nodes if node.operator == "Reshape"]:
        swap = after.get(apart.outputs[0])
        together = after.get(swap.outputs[0]) if swap else None
        if together is None or (swap.operator, together.operator) != ("Transpose", "Reshape"):
            continue
        shape = shapes.get(apart.inputs[0], ())
        wanted = [constants.get(node.inputs[1]) for node in (apart, together)]
        if len(shape) != 4 or shape[0] != 1 or any(one is None for one in wanted):
            continue
        source = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
        source = source.reshape(_sides(wanted[0], source.shape))
        source = source.transpose(swap.attributes.get("perm"))
        source = source.reshape(_sides(wanted[1], source.shape))
        if source.ndim == 4 and source.shape[0] == 1:
            yield Rearrangement((apart, swap, together), source[0], shape[1:])


def _sides(wanted: np.ndarray, given: tuple[int, ...]) -> list[int]:
    return [given[i] if n == 0 else int(n) for i, n in enumerate(wanted)]


def shuffles_by_convolution(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Channel shuffles become 1x1 convolutions that permute.

    Args:
        nodes, constants: of the graph, changed in place.
        shapes: of its values.

    Returns:
        How many there were.
    """
    return _convolved(nodes, constants, shapes, shuffles=True)


def pixels_into_channels(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """`nn.PixelUnshuffle` and its kin become convolutions with a stride; as above."""
    return _convolved(nodes, constants, shapes, shuffles=False)


def _convolved(nodes: list[Node], constants: Constants, shapes: Shapes, shuffles: bool) -> int:
    found = 0
    for one in rearrangements(nodes, constants, shapes):
        (channels, height, width), (out, rows, columns) = one.shape, one.source.shape
        block = height // rows
        if (block == 1) != shuffles or (rows * block, columns * block) != (height, width):
            continue
        first = one.source[:, 0, 0]
        channel, row, column = np.unravel_index(first, one.shape)
        y, x = block * np.arange(rows)[:, None], block * np.arange(columns)
        if max(row.max(), column.max()) >= block:
            continue
        if not (one.source == first[:, None, None] + y * width + x).all():
            continue
        weight = np.zeros((out, channels, block, block), np.float32)
        weight[np.arange(out), channel, row, column] = 1
        _replace(nodes, constants, one, "Conv", weight, block)
        found += 1
    return found


def channels_into_pixels(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Pixel shuffles written out become transposed convolutions; as above."""
    found = 0
    for one in rearrangements(nodes, constants, shapes):
        (channels, height, width), (out, rows, columns) = one.shape, one.source.shape
        block = rows // height
        if block < 2 or (height * block, width * block) != (rows, columns):
            continue
        packed, row, column = np.unravel_index(one.source[:, :block, :block], one.shape)
        if row.any() or column.any():
            continue
        tiled = np.tile(one.source[:, :block, :block], (1, height, width))
        pixel = np.arange(height * width).reshape(height, width).repeat(block, 0).repeat(block, 1)
        if not (one.source == tiled + pixel).all():
            continue
        weight = np.zeros((channels, out, block, block), np.float32)
        c, i, j = np.indices(packed.shape)
        weight[packed, c, i, j] = 1
        _replace(nodes, constants, one, "ConvTranspose", weight, block)
        found += 1
    return found


def _replace(
    nodes: list[Node], constants: Constants, one: Rearrangement, operator: str, weight, stride: int
) -> None:
    apart, swap, together = one.nodes
    name = f"{together.outputs[0]}:order"
    constants[name] = weight
    made = Node(operator, [apart.inputs[0], name], together.outputs, {"strides": [stride] * 2})
    nodes[nodes.index(apart)] = made
    nodes.remove(swap)
    nodes.remove(together)
