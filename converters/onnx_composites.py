"""What exporters write out in several nodes, and GPUs do better in one or in others."""

from __future__ import annotations

import math

import numpy as np

from .onnx_graph import Constants, Node, Shapes, only_readers, scalar


def group_norms(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """An instance norm of maps that a reshape has put into groups becomes a GroupNormalization,
    which needs no reshape and so no transposes.

    Args:
        nodes, constants: of the graph, changed in place.
        shapes: of its values.

    Returns:
        How many there were.
    """
    after = only_readers(nodes)
    found = 0
    for apart in [node for node in nodes if node.operator == "Reshape"]:
        norm = after.get(apart.outputs[0])
        together = after.get(norm.outputs[0]) if norm else None
        if together is None or norm.operator != "InstanceNormalization":
            continue
        whole, grouped = shapes.get(apart.inputs[0], ()), shapes.get(apart.outputs[0], ())
        if together.operator != "Reshape" or shapes.get(together.outputs[0]) != whole:
            continue
        scale, bias = (constants.get(name) for name in norm.inputs[1:3])
        if len(whole) != 4 or len(grouped) < 3 or scale is None or bias is None:
            continue
        each = whole[1] // grouped[1]
        names = [f"{together.outputs[0]}:{part}" for part in ("scale", "bias")]
        for name, value in zip(names, (scale, bias), strict=True):
            constants[name] = np.repeat(value, each)
        attributes = norm.attributes | {"num_groups": grouped[1]}
        nodes[nodes.index(apart)] = Node(
            "GroupNormalization", [apart.inputs[0], *names], together.outputs, attributes
        )
        nodes.remove(norm)
        nodes.remove(together)
        found += 1
    return found


def gelus(nodes: list[Node], constants: Constants, shapes: Shapes) -> int:
    """x / 2 (1 + erf(x / √2)), in any order of its factors, becomes one Gelu; as above."""
    after = only_readers(nodes)
    maker = {node.outputs[0]: node for node in nodes}
    found = 0
    for erf in [node for node in nodes if node.operator == "Erf"]:
        inner = maker.get(erf.inputs[0])
        x = inner and _times(inner, constants, math.sqrt(0.5))
        plus = after.get(erf.outputs[0])
        if x is None or plus is None or plus.operator != "Add":
            continue
        if 1.0 not in (scalar(constants, name) for name in plus.inputs):
            continue
        chain, factor, last = [plus], 1.0, plus
        seen_x = False
        while (then := after.get(last.outputs[0])) and then.operator in ("Mul", "Div"):
            others = [name for name in then.inputs if name != last.outputs[0]]
            number = scalar(constants, others[0]) if others else None
            halved = maker.get(others[0]) if others else None
            if number is not None:
                factor *= 1 / number if then.operator == "Div" else number
            elif others == [x] and not seen_x:
                seen_x = True
            elif halved and not seen_x and _times(halved, constants, 0.5) == x:
                seen_x, factor = True, factor / 2
            else:
                break
            chain.append(then)
            last = then
            if seen_x and factor == 0.5:
                nodes[nodes.index(last)] = Node("Gelu", [x], last.outputs, {})
                for node in (erf, *chain[:-1]):
                    nodes.remove(node)
                found += 1
                break
    return found


def _times(node: Node, constants: Constants, factor: float) -> str | None:
    """What a node multiplies by a number; None if it does not."""
    if node.operator == "Div":
        number = scalar(constants, node.inputs[1])
        fits = number is not None and abs(1 / number - factor) < 1e-6
        return node.inputs[0] if fits else None
    if node.operator == "Mul":
        for name, other in (node.inputs, node.inputs[::-1]):
            number = scalar(constants, other)
            if number is not None and abs(number - factor) < 1e-6:
                return name
    return None
