"""What an ONNX file holds, made one kind: float32, and of operators of this decade."""

from __future__ import annotations

import ast
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, FormatError, first_line

if TYPE_CHECKING:
    import onnx

DOMAINS = ("", "ai.onnx")  # ONNX's own operators
LEAST_OPSET = 7  # of 2017; before, operands broadcast by other rules


def read_onnx(source: Path) -> onnx.ModelProto:
    """A network of float32, of an `.onnx` or a `.pt2`.

    Raises:
        DataError, FormatError: no such file, or of another kind.
    """
    import onnx

    if not source.is_file():
        raise DataError(f"no such file: {source}")
    with TemporaryDirectory() as folder:
        path = source
        if source.suffix.lower() == ".pt2":
            from .archive import from_archive

            path = from_archive(source, Path(folder) / "exported.onnx")
        try:
            model = onnx.load(path)
            onnx.checker.check_model(model)
        except Exception as error:  # whatever the parser raises
            raise FormatError(f"{source} is no ONNX model: {first_line(error)}") from error
    opset = max((one.version for one in model.opset_import if one.domain in DOMAINS), default=0)
    if opset > onnx.defs.onnx_opset_version():
        raise FormatError(
            f"{source} is of opset {opset}, which is later than the installed onnx: run "
            "`pip install --upgrade onnx onnxruntime`, or export it for an earlier one"
        )
    if opset < LEAST_OPSET:
        raise FormatError(
            f"{source} is of opset {opset}; of {LEAST_OPSET} or later it can be read "
            "(onnx.version_converter makes it one)"
        )
    return _in_float32(model)


def _in_float32(model: onnx.ModelProto) -> onnx.ModelProto:
    """A network of float16 or float64, in float32: weights, ends and casts.

    Bytes at its ends are levels in float32, too, which players round.
    """
    import onnx

    single, levels = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    others = (onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    ends = [value.type.tensor_type for value in (*model.graph.input, *model.graph.output)]
    cast = (*others, levels) if levels in [end.elem_type for end in ends] else others

    def widened(tensor: onnx.TensorProto) -> None:
        if tensor.data_type in others:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))

    for tensor in model.graph.initializer:
        widened(tensor)
    for end in ends:
        if end.elem_type in (*others, levels):
            end.elem_type = single
    for node in (*model.graph.node, *(node for one in model.functions for node in one.node)):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                widened(attribute.t)
            elif attribute.name in ("to", "dtype") and attribute.i in cast:
                attribute.i = single
    return model


def place_of(node: onnx.NodeProto) -> str:
    """The path of the module that it comes from, where torch's exporter noted it, or a name."""
    for note in node.metadata_props:
        if note.key == "pkg.torch.onnx.name_scopes":
            *modules, own = ast.literal_eval(note.value)  # each module by its whole path
            return f"{modules[-1]}.{own}" if modules and modules[-1] else own
    return node.name or node.output[0]
