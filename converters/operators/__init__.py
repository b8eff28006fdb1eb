"""ONNX's operators in the forms that phone GPUs run, each group in a file of its own."""

from . import (  # noqa: F401 (each enters its forms)
    convolutions,
    elementwise,
    normalisation,
    padding,
    products,
    reductions,
    resize,
    shapes,
)
from .refused import OTHERWISE, WAYS_OUT
from .registry import OPERATORS, Form

__all__ = ["OPERATORS", "OTHERWISE", "WAYS_OUT", "Form"]
