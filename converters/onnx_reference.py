"""ONNX files of others as onnxruntime plays them: what every reading of them is held to."""

from __future__ import annotations

import ast
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, FormatError, PocketstyleError, UsageError, first_line
from ..networks import Spec

if TYPE_CHECKING:
    import onnx

FOREIGN = "foreign"  # the family of what has no spec here
LEAST_OPSET = 7  # of 2017; before, operands broadcast by other rules
PROVIDERS = ["CPUExecutionProvider"]


class OnnxReference:
    """A network in a file, in float32, of one square picture in and one out.

    Attributes:
        source: the file.
        spec: of the family "foreign", and the size.
        channels_first: whether the graph takes pictures so.
    """

    def __init__(self, source: str | Path, size: int | None = None):
        """
        Args:
            source: `.onnx`, or `.pt2` as torch.export.save writes it.
            size: of the picture's sides, where the file leaves them open.

        Raises:
            DataError, FormatError: no such file, or of another kind.
            UsageError: other than one picture in and one out, sides left open, or a size that is
                not the file's.
        """
        self.source = Path(source)
        model = _in_float32(_read(self.source))
        constants = {constant.name for constant in model.graph.initializer}
        inputs = [value for value in model.graph.input if value.name not in constants]
        if len(inputs) != 1 or len(model.graph.output) != 1:
            raise UsageError(
                f"{source} has {len(inputs)} inputs and {len(model.graph.output)} outputs; "
                "one picture in and one out can be converted"
            )
        axes = inputs[0].type.tensor_type.shape.dim
        if len(axes) != 4 or 3 not in (axes[1].dim_value, axes[3].dim_value):
            raise UsageError(f"{source}: its input is no batch of RGB pictures")
        self.channels_first = axes[1].dim_value == 3
        if axes[0].dim_value > 1:
            raise UsageError(
                f"{source} takes {axes[0].dim_value} pictures at once; export it for 1"
            )
        axes[0].dim_value = 1
        self._sides = axes[2:] if self.channels_first else axes[1:3]
        fixed = {side.dim_value for side in self._sides if side.dim_value}
        if not fixed and size is None:
            raise UsageError(f"{source} leaves the picture's sides open: --size SIDE")
        if len(fixed) > 1:
            raise UsageError(
                f"{source} takes pictures of {sorted(fixed)}; square ones can be converted"
            )
        if size is not None and fixed and fixed != {size}:
            raise UsageError(f"size {size}: the sides of {source} are {fixed.pop()}, and fixed")
        self.spec = Spec(FOREIGN, fixed.pop() if fixed else size, {}, ())
        for axis in model.graph.output[0].type.tensor_type.shape.dim:
            axis.Clear()  # follow from the input's
        del model.graph.value_info[:]
        self._model = model
        self._places = {node.output[0]: _place(node) for node in model.graph.node}

    def model(self, size: int) -> onnx.ModelProto:
        """With constant shapes for pictures of a side."""
        for side in self._sides:
            side.dim_value = size
        return self._model

    def places(self, folded: onnx.ModelProto) -> dict[str, str]:
        """By what a node of the folded model writes first: where in the network it comes from.

        A node that onnxruntime has written out of another one is where its value is read.
        """
        places = dict(self._places)
        for node in reversed(folded.graph.node):
            place = places.setdefault(node.output[0], node.name or node.output[0])
            for name in node.input:
                if name and name not in self._places:
                    places.setdefault(name, place)
        return places

    def folded(self) -> onnx.ModelProto:
        """At the spec's size, with all that does not depend on the picture computed.

        Raises:
            PocketstyleError: onnxruntime refuses the network.
        """
        import onnx
        import onnxruntime

        with TemporaryDirectory() as folder:
            path = Path(folder) / "folded.onnx"
            options = _quiet_options()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.optimized_model_filepath = str(path)
            self._session(self.spec.size, options)
            made = onnx.load(path)
        kept = {constant.name for constant in made.graph.initializer}
        for value in [value for value in made.graph.input if value.name in kept]:
            made.graph.input.remove(value)
        return made

    def play(self, values: np.ndarray) -> np.ndarray:
        """What onnxruntime makes of pictures, as the network has their pixels.

        Args:
            values: float32[N, S, S, 3], whatever the graph's own order of axes is.

        Returns:
            The same of stylized pictures.

        Raises:
            PocketstyleError: onnxruntime refuses or does not run the network.
            UsageError: it does not give such pictures back.
        """
        session = self._session(values.shape[1], _quiet_options())
        name, made = session.get_inputs()[0].name, []
        for picture in values:
            content = picture[None].transpose(0, 3, 1, 2) if self.channels_first else picture[None]
            try:
                (y,) = session.run(None, {name: np.ascontiguousarray(content)})
            except Exception as error:  # whatever onnxruntime raises
                raise PocketstyleError(
                    f"onnxruntime cannot run {self.source}: {first_line(error)}"
                ) from error
            if y.shape != content.shape:
                raise UsageError(
                    f"{self.source} gives {list(y.shape)} for a picture {list(content.shape)}"
                )
            made.append(y[0].transpose(1, 2, 0) if self.channels_first else y[0])
        return np.stack(made).astype(np.float32)

    def values_inside(self, content: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
        """Those values of the graph that are named, and in it, for one picture in its own order."""
        import onnx
        import onnxruntime

        model = self.folded()
        written = {name for node in model.graph.node for name in node.output}
        wanted = [name for name in names if name in written]
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), _quiet_options(), providers=PROVIDERS
        )
        made = session.run(wanted, {session.get_inputs()[0].name: content})
        return dict(zip(wanted, made, strict=True))

    def _session(self, size: int, options):
        import onnxruntime

        try:
            data = self.model(size).SerializeToString()
            return onnxruntime.InferenceSession(data, options, providers=PROVIDERS)
        except Exception as error:  # whatever onnxruntime raises
            raise PocketstyleError(
                f"onnxruntime refuses {self.source}: {first_line(error)}"
            ) from error


def _quiet_options():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return options


def _read(source: Path) -> onnx.ModelProto:
    """An ONNX model of whatever the file is."""
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
    opset = max((one.version for one in model.opset_import if not one.domain), default=0)
    if opset < LEAST_OPSET:
        raise FormatError(
            f"{source} is of opset {opset}; of {LEAST_OPSET} or later it can be read "
            "(onnx.version_converter makes it one)"
        )
    return model


def _in_float32(model: onnx.ModelProto) -> onnx.ModelProto:
    """A network of float16 or float64, in float32: weights, ends and casts."""
    import onnx

    single, others = onnx.TensorProto.FLOAT, (onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)

    def widened(tensor: onnx.TensorProto) -> None:
        if tensor.data_type in others:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))

    for tensor in model.graph.initializer:
        widened(tensor)
    for value in (*model.graph.input, *model.graph.output):
        if value.type.tensor_type.elem_type in others:
            value.type.tensor_type.elem_type = single
    for node in (*model.graph.node, *(node for one in model.functions for node in one.node)):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                widened(attribute.t)
            elif attribute.name in ("to", "dtype") and attribute.i in others:
                attribute.i = single
    return model


def _place(node: onnx.NodeProto) -> str:
    for note in node.metadata_props:
        if note.key == "pkg.torch.onnx.name_scopes":
            *modules, own = ast.literal_eval(note.value)  # each module by its whole path
            return f"{modules[-1]}.{own}" if modules and modules[-1] else own
    return node.name or node.output[0]
