"""Random small graphs of every operator that is written here, against onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pocketstyle.converters import convert, load_foreign, verify
from pocketstyle.converters.operators import OPERATORS
from pocketstyle.errors import PocketstyleError

SIDE, CHANNELS = 12, 4
MAP = [1, CHANNELS, SIDE, SIDE]
DEPTH = 3  # operators of a graph


class Graph:
    """A graph that grows: nodes, constants, and the value that it ends in, always a map of MAP."""

    def __init__(self, seed: int, opset: int):
        self.rng, self.opset = np.random.default_rng(seed), opset
        self.nodes, self.constants, self.count = [], {}, 0
        self.value = "x"

    def constant(self, values, dtype=np.float32) -> str:
        self.count += 1
        self.constants[name := f"k{self.count}"] = np.asarray(values, dtype)
        return name

    def normal(self, *shape, scale=0.5) -> str:
        return self.constant(self.rng.normal(0, scale, shape))

    def integers(self, *values) -> str:
        return self.constant(values, np.int64)

    def node(self, operator: str, *operands: str, outputs: int = 1, **attributes):
        self.count += 1
        names = [f"v{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, operands, names, **attributes))
        return names[0] if outputs == 1 else names

    def choice(self, *options):
        return options[self.rng.integers(len(options))]

    def back_to_map(self, value: str, side: int) -> str:
        """A map of another side, as one of SIDE, by whole factors or not."""
        if side == SIDE:
            return value
        scales = self.constant([1, 1, SIDE / side, SIDE / side])
        return self.resize(value, scales, mode="nearest")

    def resize(self, value: str, scales: str, **rule) -> str:
        if self.opset < 11:
            operator = "Resize" if self.opset == 10 else "Upsample"
            return self.node(operator, value, scales, mode=rule["mode"])
        region = self.constant([]) if self.opset < 13 else ""
        return self.node("Resize", value, region, scales, **rule)


def axes_of(graph: Graph, operator: str, value: str, axes, since: int = 13, **attributes) -> str:
    """An operator whose axes are an attribute until some opset."""
    if graph.opset >= since:
        return graph.node(operator, value, graph.integers(*axes), **attributes)
    return graph.node(operator, value, axes=list(axes), **attributes)


def plain(operator, **attributes):
    return lambda g, x: g.node(operator, x, **attributes)


def positive(operator):
    return lambda g, x: g.node(operator, g.node("Add", g.node("Abs", x), g.constant(0.1)))


def pair(operator):
    def grow(g, x):
        other = g.choice(
            lambda: g.normal(1, CHANNELS, 1, 1),
            lambda: g.normal(SIDE),
            lambda: g.constant(0.7),
            lambda: g.node("Tanh", x),
            lambda: g.normal(*MAP),
        )()
        return g.node(operator, *g.choice((x, other), (other, x)))

    return grow


def divided(g, x):
    return g.node("Div", x, g.node("Add", g.node("Abs", x), g.constant(0.5)))


def compared(operator):
    def grow(g, x):
        truth = g.node(operator, x, g.normal(1, CHANNELS, 1, 1))
        if g.rng.random() < 0.3:
            truth = g.node("Not", truth)
        elif g.rng.random() < 0.4:
            truth = g.node(g.choice("And", "Or"), truth, g.node("Less", x, g.constant(0.9)))
        if g.rng.random() < 0.3:
            return g.node("Mul", x, g.node("Cast", truth, to=TensorProto.FLOAT))
        return g.node("Where", truth, x, g.choice(g.normal(*MAP), g.constant(0.25)))

    return grow


def several(operator):
    def grow(g, x):
        return g.node(operator, x, g.normal(1, CHANNELS, 1, 1), g.node("Neg", x))

    return grow


def convolution(g, x):
    k, groups = int(g.choice(1, 2, 3, 5)), int(g.choice(1, 1, 2, 4))
    attributes = {"group": groups}
    strides, dilations = [int(g.choice(1, 2))] * 2, [int(g.choice(1, 1, 2))] * 2
    if k * dilations[0] > SIDE:
        dilations = [1, 1]
    attributes |= {"strides": strides, "dilations": dilations}
    if g.rng.random() < 0.5:
        pads = g.rng.integers(k // 2, k + 1, 4).tolist()
        attributes["pads"] = [max(p, (k - 1) * dilations[0] // 2) for p in pads]
    else:
        attributes["auto_pad"] = g.choice("SAME_UPPER", "SAME_LOWER")
        attributes["dilations"] = [1, 1]  # onnxruntime refuses both at once
    weight = g.normal(CHANNELS, CHANNELS // groups, k, k, scale=0.3)
    bias = [g.normal(CHANNELS)] if g.rng.random() < 0.5 else []
    return fitted(g, g.node("Conv", x, weight, *bias, **attributes))


def transposed(g, x):
    k, stride, groups = int(g.choice(2, 3, 4)), int(g.choice(1, 2, 3)), int(g.choice(1, 1, 2, 4))
    attributes = {"group": groups, "strides": [stride] * 2}
    how = g.choice("pads", "automatic", *(["output_shape"] if g.opset >= 11 else []))
    if how == "automatic":
        attributes["auto_pad"] = g.choice("SAME_UPPER", "SAME_LOWER", "VALID")
    elif how == "output_shape":
        whole = (SIDE - 1) * stride + k
        attributes["output_shape"] = [int(whole - g.choice(0, 1, 1, 2))] * 2
    else:
        attributes["dilations"] = [int(g.choice(1, 1, 2))] * 2
        attributes["pads"] = [int(n) for n in g.rng.integers(0, 2, 4)]
        attributes["output_padding"] = [int(n) for n in g.rng.integers(0, stride, 2)]
    weight = g.normal(CHANNELS, CHANNELS // groups, k, k, scale=0.3)
    bias = [g.normal(CHANNELS)] if g.rng.random() < 0.5 else []
    return fitted(g, g.node("ConvTranspose", x, weight, *bias, **attributes))


def fitted(g, x):
    """Of whatever sides, cut and padded to MAP."""
    if g.opset < 11:
        x = g.node("Pad", x, pads=[0] * 6 + [SIDE] * 2)
    else:
        x = g.node("Pad", x, g.integers(*[0] * 6, *[SIDE] * 2))
    if g.opset < 10:
        return g.node("Slice", x, starts=[0, 0], ends=[SIDE, SIDE], axes=[2, 3])
    return g.node("Slice", x, g.integers(0, 0), g.integers(SIDE, SIDE), g.integers(2, 3))


def pooled(operator):
    def grow(g, x):
        k, stride = int(g.choice(2, 3)), int(g.choice(1, 2))
        attributes = {"kernel_shape": [k, k], "strides": [stride] * 2}
        if g.rng.random() < 0.3:
            attributes["auto_pad"] = g.choice("SAME_UPPER", "SAME_LOWER")
        else:
            attributes["pads"] = [int(n) for n in g.rng.integers(0, k // 2 + 1, 4)]
            if g.opset >= 10:
                attributes["ceil_mode"] = int(g.choice(0, 1))
        if operator == "AveragePool":
            attributes["count_include_pad"] = int(g.choice(0, 1))
        elif g.opset >= 10 and "pads" in attributes:
            attributes["dilations"] = [int(g.choice(1, 2))] * 2
        return fitted(g, g.node(operator, x, **attributes))

    return grow


def globally(operator):
    return lambda g, x: g.node("Add", x, g.node(operator, x))


def reduced(operator):
    def grow(g, x):
        axes = g.choice((1,), (2, 3), (1, 2, 3), (-1,), (3,), (2,))
        since = 13 if operator == "ReduceSum" else 18
        if "Log" in operator or operator in ("ReduceL1", "ReduceSumSquare", "ReduceSum"):
            x = g.node("Mul", x, g.constant(0.1))
        if axes == (2, 3) and g.rng.random() < 0.3:
            y = axes_of(g, operator, x, axes, since, keepdims=0)
            y = axes_of(g, "Unsqueeze", y, (-1, -2) if g.opset >= 11 else (2, 3))
        else:
            y = axes_of(g, operator, x, axes, since, keepdims=1)
        return g.node("Add", x, y)

    return grow


def resized(g, x):
    if g.opset < 11:
        factor = g.choice(2, 3) if g.opset < 10 else g.choice(2, 0.5, 3)
        mode = "linear" if g.rng.random() < 0.5 else "nearest"
        return fitted(g, g.resize(x, g.constant([1, 1, factor, factor]), mode=mode))
    mode = g.choice("nearest", "linear", "cubic")
    rules = ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"]
    rule = {"mode": mode, "coordinate_transformation_mode": g.choice(*rules)}
    if mode == "nearest":
        rule["nearest_mode"] = g.choice("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
        if g.opset < 13:
            rule["coordinate_transformation_mode"] = g.choice(*rules, "tf_half_pixel_for_nn")
    elif g.opset >= 18 and g.rng.random() < 0.4:
        rule |= {"antialias": 1, "coordinate_transformation_mode": "half_pixel"}
        rule |= {"exclude_outside": int(g.choice(0, 1))}
    elif mode == "cubic" and g.rng.random() < 0.5:
        rule |= {"exclude_outside": 1, "cubic_coeff_a": -0.5}
    rows, columns = (g.choice(SIDE // 2, SIDE + 3, 2 * SIDE, 5, 3 * SIDE, 3) for _ in range(2))
    if g.rng.random() < 0.5:
        none = g.constant([]) if g.opset < 13 else ""
        y = g.node("Resize", x, none, none, g.integers(1, CHANNELS, rows, columns), **rule)
    else:
        scales = g.constant([1, 1, rows / SIDE, columns / SIDE])
        y = g.node("Resize", x, g.constant([]) if g.opset < 13 else "", scales, **rule)
    return fitted(g, y)


def padded(g, x):
    pads = [0, 0, *g.rng.integers(-1, 4, 2), 0, 0, *g.rng.integers(-1, 4, 2)]
    mode = g.choice("constant", "reflect", "edge", *(["wrap"] if g.opset >= 19 else []))
    if mode == "wrap":
        pads = [abs(int(n)) for n in pads]
    if g.opset < 11:
        y = g.node("Pad", x, pads=[int(n) for n in pads], mode=mode, value=0.3)
    elif g.opset >= 18 and g.rng.random() < 0.5:
        own = g.integers(*pads[2:4], *pads[6:])
        value = g.constant(0.3) if mode == "constant" else ""
        y = g.node("Pad", x, own, value, g.integers(2, -1), mode=mode)
    else:
        value = [g.constant(0.3)] if mode == "constant" else []
        y = g.node("Pad", x, g.integers(*pads), *value, mode=mode)
    return fitted(g, y)


def sliced(g, x):
    if g.opset < 10:
        y = g.node("Slice", x, starts=[1, -3], ends=[100, SIDE - 1], axes=[2, 3])
    else:
        axis, step = int(g.choice(1, 2, 3, -1)), int(g.choice(1, 2, -1, -2))
        begin, end = (1, 1000) if step > 0 else (-1, -1000)
        y = g.node("Slice", x, *(g.integers(n) for n in (begin, end, axis, step)))
        if axis == 1:
            y = g.node("Concat", y, x, axis=1)
            y = g.node("Slice", y, *(g.integers(n) for n in (0, CHANNELS, 1)))
    return fitted(g, y)


def gathered(g, x):
    axis = int(g.choice(1, 2, 3))
    side = MAP[axis]
    kind = g.choice("reversed", "random", "one")
    if kind == "one":
        y = g.node("Gather", x, g.constant(int(g.rng.integers(-side, side)), np.int64), axis=axis)
        return g.node("Add", x, axes_of(g, "Unsqueeze", y, (axis,)))
    order = range(side)[::-1] if kind == "reversed" else g.rng.integers(-side, side, side)
    return g.node("Gather", x, g.integers(*order), axis=axis)


def split(g, x):
    sizes = g.choice([2, 2], [1, 3])
    if sizes == [2, 2] and g.rng.random() < 0.5:
        equal = {"num_outputs": 2} if g.opset >= 18 else {}
        parts = g.node("Split", x, outputs=2, axis=1, **equal)
    elif g.opset >= 13:
        parts = g.node("Split", x, g.integers(*sizes), outputs=2, axis=1)
    else:
        parts = g.node("Split", x, outputs=2, axis=1, split=sizes)
    return g.node("Concat", *parts[::-1], axis=-3)


def expanded(g, x):
    pooled = g.node("GlobalAveragePool", x)
    return g.node("Mul", x, g.node("Expand", pooled, g.integers(*g.choice(MAP, MAP[1:], [1] * 4))))


def tiled(g, x):
    pooled = g.node("GlobalMaxPool", x)
    if g.rng.random() < 0.5:
        return g.node("Add", x, g.node("Tile", pooled, g.integers(1, 1, SIDE, SIDE)))
    return fitted(g, g.node("Tile", x, g.integers(1, 1, 2, 3)))


def flattened(g, x):
    axis = int(g.choice(1, 2, 3, *([-1] if g.opset >= 11 else [])))
    y = g.node("Flatten", x, axis=axis)
    return g.node("Reshape", y, g.integers(*g.choice(MAP, [1, -1, SIDE, SIDE])))


def reshaped(g, x):
    kind = g.choice("shuffle", "unshuffle", "attention")
    if kind == "shuffle":
        y = g.node("Reshape", x, g.integers(0, 2, -1, SIDE, SIDE))
        y = g.node("Transpose", y, perm=[0, 2, 1, 3, 4])
        return g.node("Reshape", y, g.integers(1, -1, SIDE, SIDE))
    if kind == "unshuffle":
        y = g.node("Reshape", x, g.integers(1, CHANNELS, SIDE // 2, 2, SIDE // 2, 2))
        y = g.node("Transpose", y, perm=[0, 1, 3, 5, 2, 4])
        y = g.node("Relu", g.node("Reshape", y, g.integers(1, -1, SIDE // 2, SIDE // 2)))
        y = g.node("Reshape", y, g.integers(1, 2, 2, CHANNELS, SIDE // 2, SIDE // 2))
        y = g.node("Transpose", y, perm=[0, 3, 4, 1, 5, 2])
        return g.node("Reshape", y, g.integers(*MAP))
    y = g.node("Reshape", x, g.integers(SIDE * 2, 1, 2, SIDE))
    y = g.node("Transpose", axes_of(g, "Unsqueeze", y, (0,)), perm=[3, 1, 2, 0, 4])
    return g.node("Reshape", axes_of(g, "Squeeze", y, (2, 3)), g.integers(*MAP))


def turned(g, x):
    y = g.node("Transpose", x, perm=[0, 2, 3, 1])
    y = g.node("MatMul", y, g.normal(CHANNELS, CHANNELS))
    return g.node("Transpose", y, perm=[0, 3, 1, 2])


def squeezed(g, x):
    y = g.node("GlobalAveragePool", x)
    y = axes_of(g, "Squeeze", y, (2, 3)) if g.rng.random() < 0.5 else g.node("Flatten", y)
    shape = (CHANNELS, CHANNELS)
    rule = {"transB": int(g.choice(0, 1)), "alpha": 0.5, "beta": 2.0}
    y = g.node("Gemm", y, g.normal(*shape), g.choice(g.normal(CHANNELS), g.normal(1, 1)), **rule)
    return g.node("Mul", x, axes_of(g, "Unsqueeze", y, (2, 3)))


def summed(g, x):
    return g.node("Einsum", x, g.normal(CHANNELS, CHANNELS), equation="nchw,cd->ndhw")


def blocks(g, x):
    y = g.node("SpaceToDepth", x, blocksize=2)
    return g.node("DepthToSpace", y, blocksize=2, **mode_of(g))


def mode_of(g):
    return {"mode": g.choice("DCR", "CRD")} if g.opset >= 11 else {}


def normed(operator):
    def grow(g, x):
        if operator == "LayerNormalization" or operator == "RMSNormalization":
            axis = int(g.choice(-1, 1, 2))
            shape = MAP[axis:]
            bias = [g.normal(*shape)] if operator[0] == "L" and g.rng.random() < 0.5 else []
            return g.node(operator, x, g.normal(*shape), *bias, axis=axis)
        if operator == "GroupNormalization":
            return g.node(operator, x, g.normal(CHANNELS), g.normal(CHANNELS), num_groups=2)
        if operator == "BatchNormalization":
            spread = g.constant(g.rng.uniform(0.5, 2, CHANNELS))
            return g.node(operator, x, *(g.normal(CHANNELS) for _ in range(3)), spread)
        return g.node(operator, x, g.normal(CHANNELS), g.normal(CHANNELS))

    return grow


def powered(g, x):
    return g.node("Pow", g.node("Abs", x), g.constant(g.choice(2.0, 1.0, 3.0, 1.5)))


def prelu(g, x):
    return g.node("PRelu", x, g.choice(g.normal(CHANNELS, 1, 1), g.normal(1), g.normal(SIDE)))


def clipped(g, x):
    low, high = g.choice((0.0, 1.0), (-1.0, 1.0), (0.0, 6.0), (-0.3, 0.5), (None, 0.4), (0.1, None))
    if g.opset < 11:
        given = {"min": low, "max": high}
        return g.node("Clip", x, **{k: v for k, v in given.items() if v is not None})
    return g.node("Clip", x, *("" if n is None else g.constant(n) for n in (low, high)))


def softmax(operator):
    return lambda g, x: g.node(operator, x, axis=int(g.choice(1, 3, -1, 2)))


# Each operator: the first opset that has it, and how a graph grows by it.
GROWTH = {
    **{
        name: (7, plain(name))
        for name in ["Abs", "Ceil", "Cos", "Exp", "Floor", "Identity", "Neg", "Relu"]
    },
    **{
        name: (7, plain(name))
        for name in ["Sigmoid", "Sin", "Softplus", "Softsign", "Tanh", "Elu", "Selu"]
    },
    **{name: (7, pair(name)) for name in ["Add", "Sub", "Mul", "Max", "Min", "Sum"]},
    **{name: (7, compared(name)) for name in ("Greater", "Less")},
    **{name: (12, compared(name)) for name in ("GreaterOrEqual", "LessOrEqual")},
    **{name: (9, compared("Less")) for name in ("Where", "Cast", "Not", "And", "Or")},
    **{
        f"Reduce{name}": (8, reduced(f"Reduce{name}"))
        for name in ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Sum", "SumSquare"]
    },
    "AveragePool": (7, pooled("AveragePool")),
    "BatchNormalization": (9, normed("BatchNormalization")),
    "Celu": (12, plain("Celu", alpha=0.6)),
    "Clip": (7, clipped),
    "Concat": (7, split),
    "Conv": (7, convolution),
    "ConvTranspose": (7, transposed),
    "DepthToSpace": (7, blocks),
    "Div": (7, divided),
    "Dropout": (7, plain("Dropout")),
    "Einsum": (12, summed),
    "Equal": (13, lambda g, x: compared("Greater")(g, g.node("Floor", x))),
    "Erf": (9, plain("Erf")),
    "Expand": (8, expanded),
    "Flatten": (9, flattened),
    "Gather": (7, gathered),
    "Gelu": (20, lambda g, x: g.node("Gelu", x, approximate=g.choice("none", "tanh"))),
    "Gemm": (7, squeezed),
    "GlobalAveragePool": (7, globally("GlobalAveragePool")),
    "GlobalMaxPool": (7, globally("GlobalMaxPool")),
    "GroupNormalization": (21, normed("GroupNormalization")),
    "HardSigmoid": (7, lambda g, x: g.node("HardSigmoid", x, alpha=g.choice(0.2, 1 / 6))),
    "HardSwish": (14, plain("HardSwish")),
    "InstanceNormalization": (7, normed("InstanceNormalization")),
    "LayerNormalization": (17, normed("LayerNormalization")),
    "LeakyRelu": (7, plain("LeakyRelu", alpha=0.3)),
    "Log": (7, positive("Log")),
    "LogSoftmax": (7, softmax("LogSoftmax")),
    "LpNormalization": (7, lambda g, x: g.node("LpNormalization", x, axis=1, p=g.choice(1, 2))),
    "MatMul": (7, turned),
    "MaxPool": (8, pooled("MaxPool")),
    "Mean": (8, several("Mean")),
    "Mish": (18, plain("Mish")),
    "PRelu": (9, prelu),
    "Pad": (7, padded),
    "Pow": (7, powered),
    "RMSNormalization": (23, normed("RMSNormalization")),
    "Reciprocal": (7, positive("Reciprocal")),
    "Reshape": (7, reshaped),
    "Resize": (10, resized),
    "Round": (11, plain("Round")),
    "Sign": (9, plain("Sign")),
    "Slice": (7, sliced),
    "Softmax": (7, softmax("Softmax")),
    "SpaceToDepth": (7, blocks),
    "Split": (7, split),
    "Sqrt": (7, positive("Sqrt")),
    "Squeeze": (7, squeezed),
    "Swish": (24, plain("Swish", alpha=0.7)),
    "ThresholdedRelu": (10, plain("ThresholdedRelu", alpha=0.2)),
    "Tile": (7, tiled),
    "Transpose": (7, turned),
    "Unsqueeze": (7, squeezed),
    "Upsample": (9, resized),
}
OPSETS = {"Upsample": (9,), "Resize": (10, 11, 13, 18, 19), "Swish": (24,)}
LEFT_BY_THE_OLDER = {"LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "REVERSE_V2", "ROUND"}
STEPS = {"Ceil", "Floor", "Round", "Sign"}  # where a last bit decides by much


def written(path, nodes, constants, opset, value, shape=(1, 3, SIDE, SIDE)):
    picture = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", value)]
    stored = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "g", picture[:1], picture[1:], stored)
    versions = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=8), path)
    return path


def random_graph(path, seed, names, opset=None):
    """A graph of these operators one behind the other, with a Tanh between."""
    rng = np.random.default_rng(seed)
    least = max(GROWTH[name][0] for name in names)
    known = OPSETS.get(names[0], (7, 9, 10, 11, 13, 17, 18, 21, 23))
    opset = opset or int(rng.choice([one for one in known if one >= least]))
    g = Graph(seed, opset)
    value = g.node("Conv", "x", g.normal(CHANNELS, 3, 1, 1), g.normal(CHANNELS))
    for name in names:
        value = g.node("Tanh", GROWTH[name][1](g, value))
    value = g.node("Conv", value, g.normal(3, CHANNELS, 1, 1))
    return written(path, g.nodes, g.constants, opset, value)


def test_every_operator_is_tried():
    assert set(GROWTH) == set(OPERATORS)


@pytest.mark.parametrize("first", sorted(GROWTH))
def test_random_graphs_are_onnxruntimes(first, tmp_path):
    """`load_foreign` compares pictures with onnxruntime's, and refuses what differs."""
    names = sorted(set(GROWTH) - {"Upsample", "Swish", "RMSNormalization"} - STEPS)
    for seed in range(4 if first in ("Resize", "ConvTranspose", "Pad") else 2):
        rng = np.random.default_rng([seed, *first.encode()])
        latest = min(OPSETS.get(first, (23,)))
        fitting = [name for name in names if GROWTH[name][0] <= latest]
        chosen = [first, *rng.choice(fitting, DEPTH - 1).tolist()]
        path = random_graph(tmp_path / f"{seed}.onnx", int(rng.integers(2**31)), chosen)
        try:
            load_foreign(path)
        except PocketstyleError as error:
            raise AssertionError(f"{chosen}: {error}") from error


LATEST = sorted(set(GROWTH) - {"Upsample", "Swish"} - STEPS)
CHAINS = [(LATEST[i::5], 23) for i in range(5)]
CHAINS += [(["Upsample"], 9), ([*sorted(STEPS), "Swish"], 24)]


@pytest.mark.parametrize(("names", "opset"), CHAINS)
def test_every_operator_runs_on_the_gpu(names, opset, tmp_path):
    """Of TFLite's bundle against onnxruntime, and as the table of docs/converters.md has it."""
    path, out = random_graph(tmp_path / "g.onnx", 3, names, opset), tmp_path / "g.tflite"
    network, card = load_foreign(path)
    convert(network, card, {"fp32": out}, predicted_ms={})
    found = verify(out, (network, card))
    assert found.verdict.startswith("PASS"), found.verdict
    left = {line.partition(":")[0] for line in found.delegate_refuses}
    assert left <= LEFT_BY_THE_OLDER, found.delegate_refuses
