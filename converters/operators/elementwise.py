"""Operators on each value for itself."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import PocketstyleError
from .registry import Attributes, form

FLOATS, BOOL = (1, 10, 11), 9  # onnx.TensorProto's types; files are read in float32


def of_four_axes(*operands: Tensor) -> tuple[Tensor, ...]:
    """Of a map and fewer axes, all with four: else they are transposed around it."""
    if not any(one.dim() == 4 for one in operands):
        return operands
    return tuple(one[(None,) * (4 - one.dim())] for one in operands)


def _unary(name: str, function: Callable[[Tensor], Tensor], becomes: str = "", **kinds) -> None:
    form(name, becomes, **kinds)(lambda a, x: function(x))


def _many(name: str, function: Callable[[Tensor, Tensor], Tensor], **kinds) -> None:
    """Of two operands or more, which broadcast."""

    @form(name, **kinds)
    def write(a: Attributes, *operands: Tensor) -> Tensor:
        return functools.reduce(function, of_four_axes(*operands))


for name, function in {
    "Abs": torch.abs,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Identity": lambda x: x,
    "Log": torch.log,
    "Neg": torch.neg,
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sqrt": torch.sqrt,
    "Tanh": torch.tanh,
}.items():
    _unary(name, function)
_unary("Round", torch.round, lite_only=True)
_unary("Not", torch.logical_not, lite_only=True)
_unary("Reciprocal", lambda x: 1 / x)
_unary("Softsign", lambda x: x / (1 + x.abs()))
_unary("HardSwish", F.hardswish)
_unary("Erf", torch.erf, "a polynomial of 22 operators; nn.GELU becomes one")
for name, function in {
    "Add": torch.add,
    "Div": torch.div,
    "Equal": torch.eq,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Max": torch.maximum,
    "Min": torch.minimum,
    "Mul": torch.mul,
    "Sub": torch.sub,
    "Sum": torch.add,
}.items():
    _many(name, function)
_many("And", torch.logical_and, lite_only=True)
_many("Or", torch.logical_or, lite_only=True)


@form("Mean")
def _mean_of(a: Attributes, *operands: Tensor) -> Tensor:
    return functools.reduce(torch.add, of_four_axes(*operands)) / len(operands)


@form("Where")
def _where(a: Attributes, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return torch.where(*of_four_axes(condition, x, y))


@form("Cast", "between floats and truth values")
def _cast(a: Attributes, x: Tensor) -> Tensor:
    if a["to"] in FLOATS:
        return x.float()
    if a["to"] == BOOL:
        return x if x.dtype == torch.bool else x != 0
    raise PocketstyleError("to other than float32 or a truth value; express integers by Floor")


@form("Dropout", "nothing")
def _dropout(a: Attributes, x: Tensor, *_: Tensor) -> Tensor:
    return x


@form("Clip", numbers=True)
def _clip(a: Attributes, x: Tensor, low=None, high=None) -> Tensor:
    for bound, name, take in ((low, "min", torch.maximum), (high, "max", torch.minimum)):
        bound = a.get(name) if bound is None else bound
        if isinstance(bound, Tensor):
            x = take(*of_four_axes(x, bound))
        elif bound is not None and abs(float(np.asarray(bound).item())) < np.finfo(np.float32).max:
            x = x.clamp(**{name: float(np.asarray(bound).item())})
    return x


@form("Pow", numbers=True)
def _pow(a: Attributes, x: Tensor, y: np.ndarray | Tensor) -> Tensor:
    if isinstance(y, Tensor):
        return torch.pow(*of_four_axes(x, y))
    if y.size > 1:
        return torch.pow(*of_four_axes(x, torch.from_numpy(y.astype(np.float32))))
    power = float(y.item())
    return {1: lambda: x, 2: lambda: x * x, 3: lambda: x * x * x}.get(power, lambda: x**power)()


@form("LeakyRelu", "of a slope beyond 0..1, two RELUs")
def _leaky_relu(a: Attributes, x: Tensor) -> Tensor:
    slope = a.get("alpha", 0.01)
    if 0 <= slope <= 1:
        return F.leaky_relu(x, slope)
    return x.relu() - slope * (-x).relu()  # GPUs take the larger of x and slope x


@form("PRelu", "two RELUs")
def _prelu(a: Attributes, x: Tensor, slope: Tensor) -> Tensor:
    x, slope = of_four_axes(x, slope)
    return x.relu() - slope * (-x).relu()


@form("ThresholdedRelu")
def _thresholded_relu(a: Attributes, x: Tensor) -> Tensor:
    return x * (x > a.get("alpha", 1.0)).float()


def _exponential(x: Tensor, alpha: float) -> Tensor:
    """alpha (e^x - 1) of what is negative; torch's own is transposed around."""
    return alpha * ((-(-x).relu()).exp() - 1)


@form("Elu", "RELUs and an EXP")
def _elu(a: Attributes, x: Tensor) -> Tensor:
    return x.relu() + _exponential(x, a.get("alpha", 1.0))


@form("Celu", "RELUs and an EXP")
def _celu(a: Attributes, x: Tensor) -> Tensor:
    alpha = a.get("alpha", 1.0)
    return x.relu() + _exponential(x / alpha, alpha)


@form("Selu", "RELUs and an EXP")
def _selu(a: Attributes, x: Tensor) -> Tensor:
    gamma = a.get("gamma", 1.0507009873554805)
    return gamma * (x.relu() + _exponential(x, a.get("alpha", 1.6732632423543772)))


@form("Gelu")
def _gelu(a: Attributes, x: Tensor) -> Tensor:
    return F.gelu(x, approximate=a.get("approximate", b"none").decode())


@form("HardSigmoid", "RELU6, of torch's slope")
def _hard_sigmoid(a: Attributes, x: Tensor) -> Tensor:
    alpha, beta = a.get("alpha", 0.2), a.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return F.relu6(x + 3) / 6
    return (alpha * x + beta).clamp(0, 1)


def _softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), without an e^x that float16 does not hold."""
    return x.relu() + (1 + (-x.abs()).exp()).log()


_unary("Softplus", _softplus, "a RELU, EXP and LOG that float16 holds")
_unary("Mish", lambda x: x * _softplus(x).tanh(), "as Softplus, and a TANH")


@form("Swish")
def _swish(a: Attributes, x: Tensor) -> Tensor:
    return x * (a.get("alpha", 1.0) * x).sigmoid()


def _over_axis(function: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """Up to opset 12, all axes from the named one on count as one, which is 1 unless said."""

    def write(a: Attributes, x: Tensor) -> Tensor:
        if a["opset"] >= 13:
            return function(x, a.get("axis", -1))
        axis = a.get("axis", 1) % x.dim()
        if all(side == 1 for side in x.shape[axis + 1 :]):
            return function(x, axis)
        return function(x.flatten(axis), axis).reshape(x.shape)

    return write


form("Softmax")(_over_axis(lambda x, axis: x.softmax(axis)))
form("LogSoftmax")(_over_axis(lambda x, axis: x.log_softmax(axis)))
