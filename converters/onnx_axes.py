"""Transposes of more than four axes, most of which have a side of 1: phone GPUs know four."""

from __future__ import annotations

import numpy as np

from .onnx_graph import Constants, Node, Shapes, only_readers

MOST_AXES = 4
VIEWS = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")


def narrow_transposes(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """Written with axes of 1 left out and neighbours that stay together as one.

    Args:
        nodes, constants: of the graph, changed in place.
        shapes: of its values.

    Returns:
        How many there were.
    """
    found = 0
    for node in [node for node in nodes if node.operator == "Transpose"]:
        shape = shapes.get(node.inputs[0], ())
        out = node.outputs[0]
        if len(shape) <= MOST_AXES or out not in shapes:
            continue
        sides, order = _fewest(shape, node.attributes.get("perm", range(len(shape))[::-1]))
        if len(sides) > MOST_AXES:
            continue
        before, after = f"{out}:before", f"{out}:after"
        shapes[before], shapes[after] = tuple(sides), tuple(sides[i] for i in order)
        place = nodes.index(node)
        nodes[place : place + 1] = [
            _reshaped(node.inputs[0], before, constants, shapes),
            Node("Transpose", [before], [after], {"perm": order}),
            _reshaped(after, out, constants, shapes),
        ]
        found += 1
    if found:
        _join_views(nodes, constants, shapes)
    return found


def _fewest(shape: tuple[int, ...], order) -> tuple[list[int], list[int]]:
    """Sides and order of a transpose that moves the same values between the fewest axes."""
    order = [axis for axis in order if shape[axis] != 1]
    together: list[list[int]] = []  # axes that are neighbours before and after, in the new order
    kept = sorted(order)
    for axis in order:
        if together and kept.index(axis) == kept.index(together[-1][-1]) + 1:
            together[-1].append(axis)
        else:
            together.append([axis])
    first = sorted(together)
    sides = [int(np.prod([shape[axis] for axis in axes])) for axes in first]
    return sides, [first.index(axes) for axes in together]


def _reshaped(source: str, out: str, constants: Constants, shapes: Shapes) -> Node:
    name = f"{out}:shape"
    constants[name] = np.array(shapes[out], np.int64)
    return Node("Reshape", [source, name], [out], {})


def _join_views(nodes: list[Node], constants: Constants, shapes: Shapes) -> None:
    """One reshape where several follow one another, so that what lies between needs no axes."""
    for node in list(nodes):
        then = only_readers(nodes).get(node.outputs[0])
        if then is None or node not in nodes or not {node.operator, then.operator} <= set(VIEWS):
            continue
        if then.outputs[0] in shapes:
            joined = _reshaped(node.inputs[0], then.outputs[0], constants, shapes)
            nodes[nodes.index(then)] = joined
            nodes.remove(node)
