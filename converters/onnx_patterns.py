"""Patterns of an ONNX graph that phone GPUs refuse or get wrong, written in other nodes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .onnx_axes import narrow_transposes
from .onnx_composites import gelus, group_norms
from .onnx_graph import Constants, Node, Shapes, only_readers
from .onnx_rearrangements import (
    channels_into_pixels,
    pixels_into_channels,
    shuffles_by_convolution,
)


def scalings_joined(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Two factors in a row become one: torch's unbiased variance is one times N, by N - 1, and
    what lies between need not fit into float16.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    after = only_readers(nodes)
    found = 0
    for node in list(nodes):
        then = after.get(node.outputs[0])
        if then is None or node not in nodes:
            continue
        first, second = _factor(node, constants), _factor(then, constants)
        if first is None or second is None:
            continue
        name = f"{then.outputs[0]}:factor"
        constants[name] = np.asarray(first[1] * second[1], np.float32)
        nodes[nodes.index(then)] = Node("Mul", [first[0], name], then.outputs, {})
        nodes.remove(node)
        found += 1
    return found


def _factor(node: Node, constants: Constants) -> tuple[str, float] | None:
    """What a node multiplies and by which number; None for others."""
    if node.operator not in ("Mul", "Div"):
        return None
    pairs = [node.inputs] if node.operator == "Div" else [node.inputs, node.inputs[::-1]]
    for value, number in pairs:
        constant = constants.get(number)
        if constant is not None and constant.size == 1 and value not in constants:
            factor = float(constant.reshape(()))
            return value, factor if node.operator == "Mul" else 1 / factor
    return None


def ungrouped(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Grouped convolutions, which LiteRT's GPU delegate computes wrongly without a word.

    Either dense with zeros between the groups, or each channel for itself and then summed:
    whichever takes fewer multiplications. Depthwise ones stay.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    found = 0
    for node in [n for n in nodes if n.operator == "Conv" and n.attributes.get("group", 1) > 1]:
        grouped, groups = constants.get(node.inputs[1]), node.attributes["group"]
        if grouped is None or grouped.shape[1] == 1:
            continue
        cout, _, *k = grouped.shape
        apart = cout // groups * (math.prod(k) + cout) < math.prod(k) * cout
        replace = _channels_then_sums if apart else _dense
        place = nodes.index(node)
        nodes[place : place + 1] = replace(node, grouped, groups, constants)
        found += 1
    return found


def _channels_then_sums(
    node: Node, grouped: np.ndarray, groups: int, constants: Constants
) -> list[Node]:
    """A depthwise convolution, and a 1x1 one that sums within groups and adds the bias."""
    cout, per_group, *k = grouped.shape
    each = cout // groups
    channels = per_group * groups * each
    name = node.outputs[0]
    parts, sums, between = f"{name}:parts", f"{name}:sums", f"{name}:channels"
    by_channel = grouped.reshape(groups, each, per_group, *k).swapaxes(1, 2)
    constants[parts] = by_channel.reshape(channels, 1, *k)
    channel, output = np.divmod(np.arange(channels), each)
    total = np.zeros((cout, channels, 1, 1), np.float32)
    total[channel // per_group * each + output, np.arange(channels)] = 1
    constants[sums] = total
    depthwise = node.attributes | {"group": per_group * groups}
    return [
        Node("Conv", [node.inputs[0], parts], [between], depthwise),
        Node("Conv", [between, sums, *node.inputs[2:]], node.outputs, {}),
    ]


def _dense(node: Node, grouped: np.ndarray, groups: int, constants: Constants) -> list[Node]:
    cout, per_group, *k = grouped.shape
    dense = np.zeros((groups, cout // groups, groups, per_group, *k), np.float32)
    for g in range(groups):
        dense[g, :, g] = grouped.reshape(groups, -1, per_group, *k)[g]
    weight = f"{node.outputs[0]}:dense"
    constants[weight] = dense.reshape(cout, per_group * groups, *k)
    given = [node.inputs[0], weight, *node.inputs[2:]]
    return [Node("Conv", given, node.outputs, node.attributes | {"group": 1})]


def plain_transposed(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Transposed convolutions with groups or dilations, dense and with a kernel of zeros between:
    groups become an operator for each one, dilations have no lowering.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    found = 0
    for node in [node for node in nodes if node.operator == "ConvTranspose"]:
        weight, groups = constants.get(node.inputs[1]), node.attributes.get("group", 1)
        if weight is None or weight.ndim != 4:
            continue
        by_row, by_column = dilations = list(node.attributes.get("dilations", [1, 1]))
        if groups == 1 and dilations == [1, 1]:
            continue
        cin, each, rows, columns = weight.shape
        spread = [(side - 1) * by + 1 for side, by in zip((rows, columns), dilations, strict=True)]
        dense = np.zeros((groups, cin // groups, groups, each, *spread), np.float32)
        for g in range(groups):
            of_group = weight.reshape(groups, cin // groups, each, rows, columns)[g]
            dense[g, :, g, :, ::by_row, ::by_column] = of_group
        name = f"{node.outputs[0]}:plain"
        constants[name] = dense.reshape(cin, groups * each, *spread)
        kept = {k: v for k, v in node.attributes.items() if k not in ("group", "dilations")}
        kept.pop("kernel_shape", None)
        given = [node.inputs[0], name, *node.inputs[2:]]
        nodes[nodes.index(node)] = Node("ConvTranspose", given, node.outputs, kept)
        found += 1
    return found


def powers_of_numbers(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """c ^ x of positive constants c is e ^ (x log c): GPUs take the constant for the exponent.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    found = 0
    for node in [node for node in nodes if node.operator == "Pow" and node.inputs[0] in constants]:
        base = constants[node.inputs[0]]
        if not (base > 0).all():
            continue
        log, exponent = (f"{node.outputs[0]}:{what}" for what in ("log", "exponent"))
        constants[log] = np.log(base.astype(np.float32))
        place = nodes.index(node)
        nodes[place : place + 1] = [
            Node("Mul", [node.inputs[1], log], [exponent], {}),
            Node("Exp", [exponent], node.outputs, {}),
        ]
        found += 1
    return found


PATTERNS: dict[str, Callable[[list[Node], Constants, Shapes], int]] = {
    "channel shuffle: a 1x1 convolution": shuffles_by_convolution,
    "pixels into channels: a convolution": pixels_into_channels,
    "channels into pixels: TRANSPOSE_CONV": channels_into_pixels,
    "transpose of five axes: of fewer": narrow_transposes,
    "group norm: by 1x1 convolutions": group_norms,
    "GELU of an Erf: GELU": gelus,
    "grouped Conv: without groups": ungrouped,
    "ConvTranspose with groups or dilations: without": plain_transposed,
    "power of a number: EXP": powers_of_numbers,
    "two factors: one": scalings_joined,
}
