"""Patterns of an ONNX graph that phone GPUs refuse or get wrong, written in other nodes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Constants = dict[str, np.ndarray]


@dataclass
class Node:
    """One operator, the names of what it reads and writes, and its attributes."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


def _only_readers(nodes: list[Node]) -> dict[str, Node]:
    """By name of a value that is read once: who reads it."""
    times = Counter(name for node in nodes for name in node.inputs)
    return {name: node for node in nodes for name in node.inputs if times[name] == 1}


def shuffles_by_convolution(nodes: list[Node], constants: Constants) -> int:
    """Channel shuffles, which pass through five axes, become 1x1 convolutions that permute.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    after = _only_readers(nodes)
    found = 0
    for apart in [node for node in nodes if node.operator == "Reshape"]:
        swap = after.get(apart.outputs[0])
        together = after.get(swap.outputs[0]) if swap else None
        if together is None or (swap.operator, together.operator) != ("Transpose", "Reshape"):
            continue
        shapes = [constants.get(node.inputs[1], np.empty(0)) for node in (apart, together)]
        if [len(shape) for shape in shapes] != [5, 4]:
            continue
        if list(swap.attributes["perm"]) != [0, 2, 1, 3, 4]:
            continue
        _, groups, each, *_ = (int(n) for n in shapes[0])
        order = np.arange(groups * each).reshape(groups, each).T.flatten()
        weight = f"{together.outputs[0]}:order"
        constants[weight] = np.eye(groups * each, dtype=np.float32)[order][:, :, None, None]
        nodes[nodes.index(apart)] = Node("Conv", [apart.inputs[0], weight], together.outputs, {})
        nodes.remove(swap)
        nodes.remove(together)
        found += 1
    return found


def scalings_joined(nodes: list[Node], constants: Constants) -> int:
    """Two factors in a row become one: torch's unbiased variance is one times N, by N - 1, and
    what lies between need not fit into float16.

    Args:
        nodes, constants: of the graph, changed in place.

    Returns:
        How many there were.
    """
    after = _only_readers(nodes)
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


def ungrouped(nodes: list[Node], constants: Constants) -> int:
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


PATTERNS: dict[str, Callable[[list[Node], Constants], int]] = {
    "channel shuffle: a 1x1 convolution": shuffles_by_convolution,
    "grouped Conv: without groups": ungrouped,
    "two factors: one": scalings_joined,
}
