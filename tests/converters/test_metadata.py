"""The metadata is read back with a few lines over flatbuffers' own tables, not with our writer."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters import embed_metadata

from .conftest import CARD, SIZE


class Table:
    """A table of a flatbuffer whose fields are read by position."""

    def __init__(self, data: bytes, at: int):
        self.table = flatbuffers.table.Table(data, at)

    def at(self, position: int) -> int:
        offset = self.table.Offset(4 + 2 * position)
        assert offset, f"field {position} is not there"
        return self.table.Pos + offset

    def text(self, position: int) -> str:
        return self.table.String(self.at(position)).decode()

    def child(self, position: int) -> "Table":
        return Table(self.table.Bytes, self.table.Indirect(self.at(position)))

    def children(self, position: int) -> list["Table"]:
        at = self.at(position)
        start = at + self.table.Get(flatbuffers.number_types.UOffsetTFlags, at)
        n = self.table.Get(flatbuffers.number_types.UOffsetTFlags, start)
        return [Table(self.table.Bytes, self.table.Indirect(start + 4 + 4 * i)) for i in range(n)]

    def byte(self, position: int) -> int:
        return self.table.Get(flatbuffers.number_types.Uint8Flags, self.at(position))

    def uint(self, position: int) -> int:
        return self.table.Get(flatbuffers.number_types.Uint32Flags, self.at(position))

    def floats(self, position: int) -> list[float]:
        return self.table.GetVectorAsNumpy(
            flatbuffers.number_types.Float32Flags, self.table.Offset(4 + 2 * position)
        ).tolist()


def entries(tflite: bytes) -> list[bytes]:
    """The buffers named TFLITE_METADATA."""
    model = schema.Model.GetRootAs(tflite)
    found = [model.Metadata(i) for i in range(model.MetadataLength())]
    return [
        model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
        for entry in found
        if entry.Name() == b"TFLITE_METADATA"
    ]


@pytest.fixture(scope="module")
def root(bundles) -> Table:
    (data,) = entries(bundles["fp32"].path.read_bytes())
    assert data[4:8] == b"M001"
    return Table(data, int.from_bytes(data[:4], "little"))


def test_the_model_is_described(root, bundles):
    info = bundles["fp32"].info
    assert root.text(0) == CARD.name
    assert root.text(1) == info.description
    assert root.text(5) == "CC-BY-4.0\nPhotos by A. Author"
    assert root.text(7) == "1.0.0"
    (file,) = root.children(6)
    assert file.text(0) == "pocketstyle.json"


def test_pictures_are_described(root):
    (graph,) = root.children(3)
    assert graph.text(0) == "stylize"
    for position, name in ((2, "content"), (3, "stylized")):
        (tensor,) = graph.children(position)
        assert tensor.text(0) == name
        content = tensor.child(3)
        assert content.byte(0) == 2  # the union holds ImageProperties
        image = content.child(1)
        assert image.byte(0) == 1  # RGB
        assert (image.child(1).uint(0), image.child(1).uint(1)) == (SIZE, SIZE)
        stats = tensor.child(5)
        assert stats.floats(0) == pytest.approx([(255 - CARD.mean) / CARD.std])
        assert stats.floats(1) == pytest.approx([(0 - CARD.mean) / CARD.std])


def test_normalisation_goes_from_pixels_to_pixels(root):
    (graph,) = root.children(3)
    value = np.array([0.0, 17.0, 255.0])
    for position in (2, 3):
        (unit,) = graph.children(position)[0].children(4)
        assert unit.byte(0) == 1  # the union holds NormalizationOptions
        (mean,), (std,) = unit.child(1).floats(0), unit.child(1).floats(1)
        value = (value - mean) / std
        if position == 2:
            np.testing.assert_allclose(value, (np.array([0, 17, 255]) - 100) / 120, rtol=1e-6)
    np.testing.assert_allclose(value, [0, 17, 255], atol=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_file_is_still_a_model(bundles, precision):
    data = bundles[precision].path.read_bytes()
    runner = Interpreter(model_content=data).get_signature_runner("stylize")
    assert list(runner.get_input_details()) == ["content"]
    assert list(runner.get_output_details()) == ["stylized"]
    memory = np.frombuffer(data, np.uint8)
    model = schema.Model.GetRootAs(data)
    assert model.Version() == 3
    for i in range(model.BuffersLength()):
        buffer = model.Buffers(i)
        assert (buffer.Offset(), buffer.Size()) == (0, 0)
        if buffer.DataLength():
            start = buffer.DataAsNumpy().ctypes.data - memory.ctypes.data
            assert start % 16 == 0  # as the schema demands


def test_metadata_is_replaced_not_doubled(bundles):
    data = bundles["fp32"].path.read_bytes()
    renamed = bundles["fp32"].info.model_copy(update={"name": "other"})
    (metadata,) = entries(embed_metadata(data, renamed))
    assert Table(metadata, int.from_bytes(metadata[:4], "little")).text(0) == "other"


def test_tensor_names_are_short_and_unique(bundles):
    graph = schema.Model.GetRootAs(bundles["fp32"].path.read_bytes()).Subgraphs(0)
    names = [graph.Tensors(i).Name().decode() for i in range(graph.TensorsLength())]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 50
    assert any(name.startswith("decoder0/norm1:") for name in names)
