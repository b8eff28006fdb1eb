"""Products of matrices in graphs: no copies around them, the same values."""

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters.batch_matmuls import drop_copies
from pocketstyle.converters.flatbuffer import operators, read_model, write_model
from pocketstyle.quiet import quiet
from pocketstyle.sdk.gpu_gate import check_gpu

litert_torch = pytest.importorskip("litert_torch")


class Powers(torch.nn.Module):
    """Products of products."""

    def forward(self, x):
        x = 2 * x
        y = x + (x + 1) @ x
        return y + y @ x


class Square(torch.nn.Module):
    """A matrix times itself, whose copy the delegate needs."""

    def forward(self, x):
        x = 2 * x
        return x @ x + 1


class Covariance(torch.nn.Module):
    """Of rows of pixels, one after the other."""

    def forward(self, x):
        x = 2 * x
        return (0.1 * x).mT @ x + 1


class ReadElsewhere(torch.nn.Module):
    """A turned map and a product without leading axes have other readers."""

    def forward(self, x):
        turned = (2 * x).mT
        return turned @ x + 1, turned.mean(2), (x[0, 0] @ x[0, 1]).sum(0)


def converted(function, *shapes):
    examples = tuple(
        torch.rand(*shape, generator=torch.Generator().manual_seed(0)) for shape in shapes
    )
    with quiet():
        before = litert_torch.convert(function.eval(), examples).model_content()
    model = read_model(bytes(before))
    drop_copies(model)
    return bytes(before), write_model(model), [example.numpy() for example in examples]


def run(tflite, inputs):
    runner = Interpreter(model_content=tflite).get_signature_runner()
    return runner(**{f"args_{i}": value for i, value in enumerate(inputs)})


@pytest.mark.parametrize(
    ("function", "shape", "gone", "left"),
    [
        (Powers(), (1, 1, 8, 8), "RESHAPE", 0),
        (Covariance(), (1, 20, 24, 8), "TRANSPOSE", 0),
    ],
    ids=["powers", "covariance"],
)
def test_copies_are_gone_and_values_are_not(function, shape, gone, left, tmp_path):
    before, after, inputs = converted(function, shape)
    assert gone in operators(read_model(before))
    assert operators(read_model(after)).count(gone) == left
    assert len(operators(read_model(after))) < len(operators(read_model(before)))
    wanted, found = run(before, inputs), run(after, inputs)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5)
    path = tmp_path / "after.tflite"
    path.write_bytes(after)
    gate = check_gpu(path)
    assert gate.resident is not False, gate.note


def test_a_square_is_left_alone(tmp_path):
    before, after, inputs = converted(Square(), (1, 1, 8, 8))
    for name, value in run(before, inputs).items():
        np.testing.assert_allclose(run(after, inputs)[name], value, rtol=1e-5)
    path = tmp_path / "square.tflite"
    path.write_bytes(after)
    gate = check_gpu(path)
    assert gate.resident is not False, gate.note


def test_what_others_read_stays():
    before, after, inputs = converted(ReadElsewhere(), (1, 2, 8, 8))
    wanted, found = run(before, inputs), run(after, inputs)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5)
        assert found[name].shape == value.shape
