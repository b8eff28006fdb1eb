"""Templates against real conversions."""

import numpy as np
import pytest

pytest.importorskip("litert_torch")

from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters.flatbuffer import operators, read_model
from pocketstyle.errors import PocketstyleError
from pocketstyle.sweep import template as template_module
from pocketstyle.sweep.blocks import KINDS
from pocketstyle.sweep.template import Template, convert_block

ODD_SIZES = {"down": {"cin": 7, "cout": 12, "side": 30}, "up": {"cin": 10, "cout": 5, "side": 9}}


def shapes(tflite: bytes) -> list[list[int]]:
    return [list(tensor.shape) for tensor in read_model(tflite).subgraphs[0].tensors]


def test_the_operators_of_every_kind_are_its_kernels(templates):
    for template in templates.values():
        sizes = template.kind.sample(np.random.default_rng(0))
        model = read_model(template.at(sizes))
        graph, kernels = model.subgraphs[0], template.kind.kernels(sizes)
        assert operators(model) == tuple(kernel.op for kernel in kernels)
        for operator, kernel in zip(graph.operators, kernels, strict=True):
            written = graph.tensors[operator.outputs[0]].shape
            assert np.prod(written) == kernel.cout * kernel.h * kernel.w, kernel


@pytest.mark.parametrize("name", ODD_SIZES)
def test_a_resized_template_is_what_a_conversion_makes(templates, name):
    sizes = ODD_SIZES[name]
    resized, converted = templates[name].at(sizes), convert_block(KINDS[name], sizes)
    assert operators(read_model(resized)) == operators(read_model(converted))
    assert shapes(resized) == shapes(converted)
    assert integers(resized) == integers(converted)

    interpreter = Interpreter(model_content=resized)
    interpreter.allocate_tensors()
    content = np.random.default_rng(0).normal(size=KINDS[name].inputs(sizes)[0].shape)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], content.astype("f4"))
    interpreter.invoke()
    made = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    last = KINDS[name].kernels(sizes)[-1]
    assert made.shape == (1, last.h, last.w, last.cout)
    assert np.isfinite(made).all() and made.std() > 0


def integers(tflite: bytes) -> list[bytes]:
    """The integer constants: axes, paddings, a resize's size, a reshape's shape."""
    model = read_model(tflite)
    constants = [
        (tensor, model.buffers[tensor.buffer].data) for tensor in model.subgraphs[0].tensors
    ]
    return [
        bytes(data)
        for tensor, data in constants
        if tensor.type == template_module.schema.TensorType.INT32 and data is not None
    ]


def test_sentinels_that_could_be_mixed_up_are_refused(templates, monkeypatch):
    monkeypatch.setattr(template_module, "SENTINELS", (37, 39))  # 37 + 2
    with pytest.raises(PocketstyleError, match=r"dimension 39 .* ambiguous"):
        Template(KINDS["encoder"]).at({"trunk": 8, "hidden": 8, "side": 16})


def test_a_dimension_that_is_no_size_is_refused(templates):
    stranger = Template(KINDS["down"])
    stranger.tflite = convert_block(KINDS["down"], {"cin": 41, "cout": 53, "side": 116})
    with pytest.raises(PocketstyleError, match="dimension 41 of the block down"):
        stranger.at(ODD_SIZES["down"])
