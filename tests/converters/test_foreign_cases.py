"""What people have met with files of others: each as it was reported, against onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper, numpy_helper
from pocketstyle.converters import OnnxReference, convert, foreign_card, load_foreign, verify
from pocketstyle.converters.operators import OPERATORS
from pocketstyle.converters.operators.table import table
from pocketstyle.errors import PocketstyleError, UsageError
from torch import nn
from torch.nn import functional as F

from .conftest import ROOT
from .test_foreign import SIZE, exported, played

RNG = np.random.default_rng(0)
THREE = "nchw,nchw,nchw->nchw"
RULES = {"-1..1": (127.5, 127.5), "0..1": (0.0, 255.0), "0..255": (0.0, 1.0)}


class Applied(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def graph(path, nodes, constants, opset=13, shape=(1, 3, SIZE, SIZE), kind=TensorProto.FLOAT):
    picture = [helper.make_tensor_value_info(name, kind, shape) for name in ("x", "y")]
    stored = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    made = helper.make_graph(nodes, "g", picture[:1], picture[1:], stored)
    versions = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(made, opset_imports=versions, ir_version=8), path)
    return path


def bundle(source, values="-1..1", **options):
    """The bundle of a file, whose picture of pixels is onnxruntime's, and its verification."""
    mean, std = RULES[values]
    network, card = load_foreign(source, mean=mean, std=std, **options)
    out = source.with_suffix(".tflite")
    convert(network, card, {"fp32": out}, predicted_ms={})
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, SIZE, SIZE)).astype(np.float32)
    x = (pixels - mean) / std
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    wanted = session.run(None, {session.get_inputs()[0].name: x})[0].transpose(0, 2, 3, 1)
    scale = max(1.0, float(np.abs(wanted).max()))
    assert np.abs(played(out, torch.from_numpy(x)) - wanted).max() < 1e-5 * scale
    return out, verify(out, (network, card))


def soft(path):
    """A network of pixels that grows by TensorFlow 1's resize, at an eighth of the size."""
    weights = {f"w{i}": RNG.normal(0, 0.2, (3, 3, 3, 3)).astype(np.float32) for i in (1, 2)}
    constants = weights | {"m": np.float32(127.5), "up": np.array([1, 1, 8, 8], np.float32)}
    same = {"pads": [1] * 4}
    grown = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
    nodes = [
        helper.make_node("Sub", ["x", "m"], ["a"]),
        helper.make_node("Div", ["a", "m"], ["b"]),
        helper.make_node("AveragePool", ["b"], ["c"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Conv", ["c", "w1"], ["d"], **same),
        helper.make_node("Resize", ["d", "", "up"], ["e"], **grown),
        helper.make_node("Conv", ["e", "w2"], ["f"], **same),
        helper.make_node("Tanh", ["f"], ["g"]),
        helper.make_node("Mul", ["g", "m"], ["h"]),
        helper.make_node("Add", ["h", "m"], ["y"]),
    ]
    return graph(path, nodes, constants)


def test_a_misreading_is_refused_with_its_place_and_cannot_hide(tmp_path, monkeypatch):
    source = soft(tmp_path / "soft.onnx")
    out, found = bundle(source, "0..255")
    assert found.verdict.startswith("PASS")
    form = OPERATORS["Resize"]

    def misread(a, *operands):  # as half_pixel, whatever the file says
        return form.write(a | {"coordinate_transformation_mode": b"half_pixel"}, *operands)

    monkeypatch.setitem(OPERATORS, "Resize", type(form)(misread, numbers=True))
    with pytest.raises(PocketstyleError, match=r"soft.onnx: as read.*of 255, first at e, Resize"):
        load_foreign(source, mean=0.0, std=1.0)
    unchecked = np.zeros((1, SIZE, SIZE, 3), np.float32)
    monkeypatch.setattr("pocketstyle.converters.foreign._check", lambda *_: unchecked)
    network, card = load_foreign(source, mean=0.0, std=1.0)
    convert(network, card, {"fp32": out}, predicted_ms={}, force=True)
    reference = OnnxReference(source), foreign_card(source, 0.0, 1.0)
    assert verify(out, reference).verdict.startswith("FAIL: differs")


def test_a_network_of_0_to_1_takes_roots_of_its_values_alone(tmp_path):
    torch.manual_seed(0)
    root = Applied(lambda x: torch.sqrt(x + 1e-4) + x**2.2)
    source = exported(nn.Sequential(root, nn.Conv2d(3, 3, 3, 1, 1)).eval(), tmp_path / "r.onnx")
    assert bundle(source, "0..1")[1].verdict.startswith("PASS")
    with pytest.raises(PocketstyleError, match=r"no finite pictures.*from -1 to 1.*--values"):
        load_foreign(source)


@pytest.mark.parametrize("last", [(0.0, 1.0), (-1.0, 1.0), (0.0, 0.7)])
def test_any_clamp_stays_on_the_gpu(last, tmp_path):
    torch.manual_seed(0)
    clamp = Applied(lambda x: x.clamp(*last))
    source = exported(nn.Sequential(nn.Conv2d(3, 3, 3, 1, 1), clamp).eval(), tmp_path / "c.onnx")
    _, found = bundle(source, "0..1")
    assert found.verdict.startswith("PASS") and found.delegate_refuses == {}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        y = F.avg_pool2d(x, 8).flatten(2).transpose(1, 2)
        y = self.attention(y, y, y, need_weights=False)[0].transpose(1, 2).reshape(1, 8, 4, 4)
        return x + F.interpolate(y, scale_factor=8.0)


class Everyday(nn.Module):
    """What networks have of everyday operators, one behind the other."""

    def __init__(self):
        super().__init__()
        self.excite = nn.Linear(8, 8)
        self.glu = nn.Conv2d(8, 16, 1)
        self.pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.grow = nn.ConvTranspose2d(8, 8, 3, 2, 0, 1, groups=2)

    def forward(self, x):
        x = x * self.excite(x.mean((2, 3))).sigmoid().view(1, 8, 1, 1).expand_as(x)
        x = x + x.mean((2, 3), keepdim=True).repeat(1, 1, SIZE, SIZE)
        x = F.normalize(torch.maximum(x, x * 0.2), dim=1).flip(3)[:, list(range(8))[::-1]]
        x = F.interpolate(F.interpolate(x, scale_factor=0.5), scale_factor=2.0)
        x = F.layer_norm(self.pool(x).permute(0, 2, 3, 1), (8,)).permute(0, 3, 1, 2)
        x = F.glu(self.glu(x), 1)
        return F.hardswish(self.grow(x[:, :, ::2, ::2])[:, :, :SIZE, :SIZE]) + F.gelu(x)


@pytest.mark.parametrize("body", [Attention, Everyday])
def test_everyday_operators_run_on_the_gpu(body, tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), body(), nn.Conv2d(8, 3, 3, 1, 1)).eval()
    path = tmp_path / "old.onnx"
    x = torch.rand(1, 3, SIZE, SIZE)
    torch.onnx.export(network, (x,), path, dynamo=False, opset_version=14, verbose=False)
    _, found = bundle(path)
    assert found.verdict.startswith("PASS"), found.verdict


@pytest.mark.parametrize("name", ["values", "keys", "type", "/", "a:b", "half", "Ünï;x"])
def test_nodes_have_any_name(name, tmp_path):
    source = graph(tmp_path / "N:1.ONNX", [helper.make_node("Tanh", ["x"], ["y"], name=name)], {})
    network, _ = load_foreign(source)
    assert len(network.steps) == 1


def test_what_is_no_network_is_told_in_one_line(tmp_path):
    constant = Applied(lambda x: torch.full_like(x, 0.5))
    source = exported(constant, tmp_path / "c.onnx")
    with pytest.raises(PocketstyleError, match="does not depend on the picture"):
        load_foreign(source)
    fixed = exported(nn.Conv2d(3, 3, 1), tmp_path / "f.onnx")
    assert load_foreign(fixed, SIZE)[0].spec.size == SIZE
    with pytest.raises(UsageError, match=f"64x64: .* takes {SIZE}x{SIZE}, which is fixed"):
        load_foreign(fixed, 64)


def test_weights_that_are_computed_and_outputs_that_have_no_form(tmp_path):
    """litert-torch silently writes another convolution for the first ones."""
    made = helper.make_node
    mean = made("GlobalAveragePool", ["x"], ["m"])
    scaled = made("Mul", ["w", "m"], ["wm"])
    turned = [made("ConvTranspose", ["x", "wm"], ["y"], name="/up/ConvTranspose", pads=[1] * 4)]
    plain = [made("Conv", ["x", "wm"], ["y"], name="/body/Conv", pads=[1] * 4)]
    pool = made("MaxPool", ["x"], ["p", "i"], kernel_shape=[1, 1], name="/pool")
    read = [made("Cast", ["i"], ["f"], to=TensorProto.FLOAT), made("Add", ["p", "f"], ["y"])]
    weight = {"w": RNG.normal(0, 1, (3, 3, 3, 3)).astype(np.float32)}
    for nodes, told in (
        ([mean, scaled, *plain], "/body/Conv: this Conv has weights that the network computes"),
        ([mean, scaled, *turned], "/up/ConvTranspose: this ConvTranspose has weights that"),
        ([pool, *read], "/pool: this MaxPool has no form here: its output number 2 is read"),
    ):
        source = graph(tmp_path / "g.onnx", nodes, weight)
        with pytest.raises(PocketstyleError, match=told):
            load_foreign(source)


def test_forms_that_gpus_get_wrong_otherwise(tmp_path):
    """A constant to a power, slopes beyond 0..1, products of values that belong together."""
    made = helper.make_node
    weight = {"w": RNG.normal(0, 0.3, (3, 3, 3, 3)).astype(np.float32), "two": np.float32(2)}
    nodes = [
        made("Conv", ["x", "w"], ["c"], pads=[1] * 4),
        made("LeakyRelu", ["c"], ["steep"], alpha=1.5),
        made("LeakyRelu", ["steep"], ["bent"], alpha=-0.5),
        made("Pow", ["two", "bent"], ["power"]),
        made("Tanh", ["c"], ["t"]),
        made("Einsum", ["power", "t"], ["y"], equation="bchw, bcwh -> bchw"),
    ]
    _, found = bundle(graph(tmp_path / "g.onnx", nodes, weight))
    assert found.verdict.startswith("PASS"), found.verdict


def test_a_clamp_to_a_computed_number(tmp_path):
    made = helper.make_node
    nodes = [made("ReduceMean", ["x"], ["m"], keepdims=0), made("Clip", ["x", "m"], ["y"])]
    bundle(graph(tmp_path / "g.onnx", nodes, {}))


def test_what_litert_torch_does_not_convert_is_named(tmp_path):
    made = helper.make_node
    nodes = [
        made("Tanh", ["x"], ["t"], name="/body/act/Tanh"),
        made("Einsum", ["x", "t", "t"], ["e"], name="/mix/Einsum", equation=THREE),
        made("Relu", ["e"], ["y"], name="/tail/Relu"),
    ]
    source, out = graph(tmp_path / "g.onnx", nodes, {}), tmp_path / "g.tflite"
    network, card = load_foreign(source)
    told = r"g\.onnx: /mix/Einsum: litert-torch does not convert this Einsum \(it becomes \w+\)"
    with pytest.raises(PocketstyleError, match=told) as failure:
        convert(network, card, {"fp32": out}, predicted_ms={})
    assert "\n" not in str(failure.value) and not out.exists()


def test_bytes_at_the_ends_are_levels(tmp_path):
    made, kind = helper.make_node, TensorProto.UINT8
    nodes = [
        made("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        made("Mul", ["f", "half"], ["h"]),
        made("Cast", ["h"], ["b"], to=kind),
        made("Identity", ["b"], ["y"]),
    ]
    source = graph(tmp_path / "g.onnx", nodes, {"half": np.float32(0.5)}, kind=kind)
    network, _ = load_foreign(source, mean=0.0, std=1.0)
    pixels = RNG.integers(0, 256, (1, 3, SIZE, SIZE), np.uint8)
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    wanted = session.run(None, {"x": pixels})[0].astype(np.float32)
    with torch.no_grad():
        made = network(torch.from_numpy(pixels).float()).numpy()
    assert np.abs(made - wanted).max() <= 0.5  # which a cast to bytes cuts off


def test_opsets_of_either_name_and_of_tomorrow(tmp_path):
    source = graph(tmp_path / "g.onnx", [helper.make_node("Tanh", ["x"], ["y"])], {})
    model = onnx.load(source)
    model.opset_import[0].domain = "ai.onnx"
    onnx.save(model, source)
    assert len(load_foreign(source)[0].steps) == 1
    model.opset_import[0].version = 999
    onnx.save(model, source)
    with pytest.raises(PocketstyleError, match="opset 999, which is later than"):
        load_foreign(source)


@pytest.mark.parametrize(
    ("factor", "shift", "values", "doubtful"),
    [
        (1, 0, "-1..1", False),
        (127.5, 127.5, "-1..1", True),  # takes -1..1, gives 0..255
        (0.5, 0.5, "-1..1", True),  # gives 0..1
        (1, 0, "0..255", False),
        (1 / 127.5, -1, "0..255", True),
        (2, -1, "0..1", True),
    ],
)
def test_ranges_that_do_not_fit_are_told(factor, shift, values, doubtful, tmp_path):
    constants = {"k": np.float32(factor), "s": np.float32(shift)}
    nodes = [helper.make_node("Mul", ["x", "k"], ["m"]), helper.make_node("Add", ["m", "s"], ["y"])]
    mean, std = RULES[values]
    network, _ = load_foreign(graph(tmp_path / "g.onnx", nodes, constants), mean=mean, std=std)
    assert (network.remark is not None) == doubtful


def test_half_precision_is_read_in_single(tmp_path):
    weight = RNG.normal(0, 0.3, (3, 3, 3, 3)).astype(np.float16)
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)
    source = graph(tmp_path / "h.onnx", [node], {"w": weight}, kind=TensorProto.FLOAT16)
    network, card = load_foreign(source)
    out = tmp_path / "h.tflite"
    convert(network, card, {"fp32": out}, predicted_ms={})
    x = torch.rand(1, 3, SIZE, SIZE)
    wanted = F.conv2d(x, torch.from_numpy(weight.astype(np.float32)), padding=1)
    assert np.abs(played(out, x) - wanted.permute(0, 2, 3, 1).numpy()).max() < 1e-5
    assert Interpreter(str(out)).get_input_details()[0]["dtype"] == np.float32


def test_the_pages_tables_are_the_codes():
    page = (ROOT / "docs/converters.md").read_text()
    _, _, rest = page.partition("converters.operators.table -->\n")
    assert rest.partition("<!-- /operators -->")[0] == table()
