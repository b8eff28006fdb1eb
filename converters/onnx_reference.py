"""ONNX files of others as onnxruntime plays them: what every reading of them is held to."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PocketstyleError, UsageError, first_line
from ..frames import Frame, Size, frame_of, frame_text
from ..networks import Spec
from .onnx_file import place_of, read_onnx
from .operators import OPERATORS
from .verification import FOREIGN

if TYPE_CHECKING:
    import onnx

PROVIDERS = ["CPUExecutionProvider"]


class OnnxReference:
    """A network in a file, in float32, of one picture in and one out.

    Attributes:
        source: the file.
        spec: of the family "foreign", and the frame.
        channels_first: whether the graph takes pictures so.
    """

    def __init__(self, source: str | Path, size: Size | None = None):
        """
        Args:
            source: `.onnx`, or `.pt2` as torch.export.save writes it.
            size: the frame, where the file leaves it open.

        Raises:
            DataError, FormatError: no such file, or of another kind.
            UsageError: other than one picture in and one out, sides left open, or a size that is
                not the file's.
        """
        self.source = Path(source)
        model = read_onnx(self.source)
        constants = {constant.name for constant in model.graph.initializer}
        inputs = [value for value in model.graph.input if value.name not in constants]
        if len(inputs) != 1 or len(model.graph.output) != 1:
            raise UsageError(
                f"{source} has {len(inputs)} inputs and {len(model.graph.output)} outputs; "
                "one picture in and one out can be converted"
            )
        self._input = inputs[0].name
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
        frame = frame_of(size or 0)
        if size is None and not all(side.dim_value for side in self._sides):
            raise UsageError(f"{source} leaves the picture's sides open: --size HEIGHTxWIDTH")
        own = tuple(s.dim_value or asked for s, asked in zip(self._sides, frame, strict=True))
        if size is not None and own != frame:
            raise UsageError(
                f"--size {frame_text(frame)}: {source} takes {frame_text(own)}, which is fixed"
            )
        self.spec = Spec(FOREIGN, *own, {}, ())
        for axis in model.graph.output[0].type.tensor_type.shape.dim:
            axis.Clear()  # follow from the input's
        del model.graph.value_info[:]
        self._model = model
        self._places = {node.output[0]: place_of(node) for node in model.graph.node}

    def model(self, frame: Frame) -> onnx.ModelProto:
        """With constant shapes for pictures of a frame."""
        for axis, side in zip(self._sides, frame, strict=True):
            axis.dim_value = side
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
        """At the spec's frame: what a picture does not change is computed, what none needs is gone.

        An operator that only onnxruntime knows how to take apart is taken apart.

        Raises:
            PocketstyleError: onnxruntime refuses the network.
        """
        from onnx.inliner import inline_local_functions

        model = inline_local_functions(self.model(self.spec.frame))
        if any(node.op_type not in OPERATORS for node in self._folded(model).graph.node):
            model = self._taken_apart()
        return self._folded(model)

    def _folded(self, model: onnx.ModelProto) -> onnx.ModelProto:
        import onnx

        changing = {self._input}
        for node in model.graph.node:
            if changing.intersection(_read_by(node)) and node.op_type not in ("Shape", "Size"):
                changing.update(node.output)
        steady = [o for node in model.graph.node for o in node.output if o and o not in changing]
        nodes = [node for node in model.graph.node if changing.intersection(node.output)]
        picture = np.zeros(self.shape(self.spec.frame), np.float32)
        values = self._values(model, steady, picture)
        made = onnx.ModelProto()
        made.CopyFrom(model)
        made.graph.initializer.extend(
            onnx.numpy_helper.from_array(value, name)
            for name, value in values.items()
            if isinstance(value, np.ndarray)
        )
        needed, kept = {made.graph.output[0].name}, []
        for node in reversed(nodes):
            if needed.intersection(node.output):
                needed.update(_read_by(node))
                kept.append(node)
        del made.graph.node[:]
        made.graph.node.extend(reversed(kept))
        for values in (made.graph.initializer, made.graph.input):
            unread = [one for one in values if one.name not in needed | {self._input}]
            for one in unread:
                values.remove(one)
        stored = {one.name for one in made.graph.initializer}
        for one in [one for one in made.graph.input if one.name in stored]:
            made.graph.input.remove(one)
        return made

    def _taken_apart(self) -> onnx.ModelProto:
        """As onnxruntime simplifies it."""
        import onnx
        import onnxruntime

        with TemporaryDirectory() as folder:
            path = Path(folder) / "simple.onnx"
            options = _options()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.optimized_model_filepath = str(path)
            self._session(self.model(self.spec.frame), options)
            return onnx.load(path)

    def shape(self, frame: Frame) -> tuple[int, ...]:
        """Of a picture of a frame, in the graph's own order of axes."""
        return (1, 3, *frame) if self.channels_first else (1, *frame, 3)

    def play(self, values: np.ndarray) -> np.ndarray:
        """What onnxruntime makes of pictures, as the network has their pixels.

        Args:
            values: float32[N, H, W, 3], whatever the graph's own order of axes is.

        Returns:
            The same of stylized pictures.

        Raises:
            PocketstyleError: onnxruntime refuses or does not run the network.
            UsageError: it does not give such pictures back.
        """
        session = self._session(self.model(values.shape[1:3]), _options())
        made = []
        for picture in values:
            content = picture[None].transpose(0, 3, 1, 2) if self.channels_first else picture[None]
            (y,) = self._run(session, None, content)
            if y.shape != content.shape:
                raise UsageError(
                    f"{self.source} gives {list(y.shape)} for a picture {list(content.shape)}"
                )
            made.append(y[0].transpose(1, 2, 0) if self.channels_first else y[0])
        return np.stack(made).astype(np.float32)

    def values_inside(self, content: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
        """Those values of the folded graph that are named, and in it, for one picture in its own
        order of axes."""
        model = self.folded()
        written = {name for node in model.graph.node for name in node.output}
        return self._values(model, [name for name in names if name in written], content)

    def _values(self, model: onnx.ModelProto, names: list[str], content: np.ndarray) -> dict:
        """What onnxruntime has under these names."""
        import onnx

        if not names:
            return {}
        asked = onnx.ModelProto()
        asked.CopyFrom(model)
        del asked.graph.output[:]
        asked.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        session = self._session(asked, _options())
        return dict(zip(names, self._run(session, names, content), strict=True))

    def _session(self, model: onnx.ModelProto, options):
        import onnxruntime

        try:
            data = model.SerializeToString()
            return onnxruntime.InferenceSession(data, options, providers=PROVIDERS)
        except Exception as error:  # whatever onnxruntime raises
            raise PocketstyleError(
                f"onnxruntime refuses {self.source}: {first_line(error)}"
            ) from error

    def _run(self, session, names: list[str] | None, content: np.ndarray) -> list:
        try:
            return session.run(names, {self._input: np.ascontiguousarray(content)})
        except Exception as error:  # whatever onnxruntime raises
            raise PocketstyleError(
                f"onnxruntime cannot run {self.source}: {first_line(error)}"
            ) from error


def _options():
    """Nothing printed, and every operator as it is: a reference is not optimised."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _read_by(node: onnx.NodeProto) -> set[str]:
    """What a node reads, and the graphs inside of it."""
    inside = (attribute.g for attribute in node.attribute if attribute.HasField("g"))
    return {*node.input}.union(*(_read_by(one) for graph in inside for one in graph.node)) - {""}
