"""A block's file at any size, from one conversion.

litert-torch takes seconds for a block and a sweep wants hundreds. So each kind is converted once,
at sizes that occur nowhere else (`SENTINELS`), and a configuration is made by putting its own sizes
in their place: in the tensors' shapes, in the integer constants and in RESHAPE's options.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from torch import Tensor, nn

from ..converters.flatbuffer import read_model, write_model
from ..converters.rewrites import rewrite
from ..errors import PocketstyleError
from ..quiet import quiet
from .blocks import Kind, Sizes

SENTINELS = 37, 53, 71, 89  # channels of a kind's widths
SENTINEL_SIDE = 116
SMALL = 7  # kernel sides, axes, paddings, RGB: dimensions up to this are nobody's size
DERIVED: tuple[Callable[[int], int], ...] = (
    lambda size: size,
    lambda size: 2 * size,  # a concatenation, a doubled map
    lambda size: size // 2,  # a halved map
    lambda size: size + 2,  # padded for 3×3
    lambda size: size + 6,  # padded for 7×7
    lambda size: 2 * size + 2,  # doubled and padded
)
NUMPY = {schema.TensorType.FLOAT32: "<f4", schema.TensorType.INT32: "<i4"}


class Template:
    """One kind of block, converted at the sentinel sizes when first needed."""

    def __init__(self, kind: Kind):
        self.kind = kind
        self.sentinels = dict(zip(kind.widths, SENTINELS, strict=False)) | {"side": SENTINEL_SIDE}

    @cached_property
    def tflite(self) -> bytes:
        return convert_block(self.kind, self.sentinels)

    def at(self, sizes: Sizes) -> bytes:
        """The block's file at other sizes; constants are drawn from the template's values.

        Raises:
            PocketstyleError: the converted file holds a dimension that is not one of ours, or that
                two of ours could have become.
        """
        dimensions = _dimensions(self.sentinels, sizes)
        model = read_model(self.tflite)
        graph = model.subgraphs[0]

        def resized(numbers: np.ndarray) -> list[int]:
            return [_resized(int(number), dimensions, self.kind.name) for number in numbers]

        filled = set()  # tensors of equal values share a buffer
        for tensor in graph.tensors:
            tensor.shape, before = resized(tensor.shape), tensor.shape
            if tensor.shapeSignature is not None:
                tensor.shapeSignature = resized(tensor.shapeSignature)
            data = model.buffers[tensor.buffer].data
            if data is None or tensor.buffer in filled:
                continue
            filled.add(tensor.buffer)
            values = np.frombuffer(bytes(data), NUMPY[tensor.type])
            if tensor.type == schema.TensorType.INT32:
                values = np.array(resized(values), values.dtype)
            elif list(before) != tensor.shape:
                random = np.random.default_rng(tensor.buffer)
                values = random.choice(values, int(np.prod(tensor.shape)))
            model.buffers[tensor.buffer].data = values.tobytes()
        for operator in graph.operators:
            if isinstance(operator.builtinOptions, schema.ReshapeOptionsT):
                options = operator.builtinOptions
                options.newShape = resized(options.newShape)
        return write_model(model)


def convert_block(kind: Kind, sizes: Sizes) -> bytes:
    """A TFLite file with one signature, by litert-torch itself.

    Raises:
        PocketstyleError: litert-torch is not installed, or fails.
    """
    try:
        with quiet():
            import litert_torch

            module = _Exported(rewrite(kind.module(sizes))).eval()
            return litert_torch.convert(module, kind.inputs(sizes)).model_content()
    except ModuleNotFoundError as error:
        raise PocketstyleError(
            "a sweep needs the convert extra: pip install 'pocketstyle[convert]'"
        ) from error
    except Exception as error:  # whatever the library raises
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
        raise PocketstyleError(f"could not convert the block {kind.name}: {reason}") from error


class _Exported(nn.Module):
    """The block with inputs and outputs in the file's layout, so that no transpose is left."""

    def __init__(self, block: nn.Module):
        super().__init__()
        self.block = block

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        made = self.block(*(x.permute(0, 3, 1, 2) for x in inputs))
        made = made if isinstance(made, tuple) else (made,)
        return tuple(y.permute(0, 2, 3, 1) for y in made)


def _dimensions(sentinels: Sizes, sizes: Sizes) -> dict[int, int]:
    """What a dimension of the template becomes. Raises where it could become two things."""
    found: dict[int, int] = {}
    for name, sentinel in sentinels.items():
        for derive in DERIVED:
            before = derive(sentinel)
            if before <= SMALL or before in found:
                raise PocketstyleError(f"dimension {before} of a template is ambiguous ({name})")
            found[before] = derive(sizes[name])
    return found


def _resized(number: int, dimensions: dict[int, int], kind: str) -> int:
    if number <= SMALL:
        return number
    if number not in dimensions:
        raise PocketstyleError(f"dimension {number} of the block {kind} is none of its sizes")
    return dimensions[number]
