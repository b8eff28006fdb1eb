"""Networks that others trained: ONNX files and torch.export archives, as networks to convert.

A `.pt2` archive goes through ONNX, so both take one path: shapes are fixed, onnxruntime folds the
constants, and what is left is written anew in operators that phone GPUs run (`OnnxNetwork`).
"""

from __future__ import annotations

import ast
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from ..errors import DataError, FormatError, PocketstyleError, UsageError, first_line
from ..frames import Frame, Size, frame_of
from ..networks import ModelCard
from ..quiet import quiet
from .onnx_model import OPSET, play_onnx
from .onnx_network import OnnxNetwork, UnknownFormError

PLAIN = (  # of a torch.export archive: what holds no pickle
    "models/",
    "data/weights/weight_",
    "data/constants/tensor_",
    "archive_format",
    "archive_version",
    "byteorder",
    ".data/",
)
LIMIT = 1e-3  # of the difference to onnxruntime, relative to the largest value


def load_foreign(
    source: Path,
    size: Size | None = None,
    *,
    mean: float = 127.5,
    std: float = 127.5,
    licence: str = "NOASSERTION",
) -> tuple[OnnxNetwork, ModelCard]:
    """A network of others and a card for it, as `networks.load` gives them.

    Args:
        source: `.onnx`, or `.pt2` as torch.export.save writes it.
        size: of the pictures, where the file leaves their sides open.
        mean, std: of the network's rule `value = (pixel - mean) / std`.
        licence: of its weights, an SPDX expression.

    Raises:
        DataError, FormatError: no such file, or of another kind.
        UsageError: other than one picture in and one out, or sides left open.
        PocketstyleError: an operator that has no form here (named, with its place), or pictures
            that differ from onnxruntime's.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        model = _read(source, Path(folder))
        places = {node.output[0]: _place(node) for node in model.graph.node}
        model = _fixed(model, source, None if size is None else frame_of(size), path)
        try:
            network = OnnxNetwork(model, places).eval()
            _check(network, path, source)
        except UnknownFormError as error:
            raise PocketstyleError(f"{source}: {error}") from error
    # a bundle of bytes does not say what its network makes of them
    provenance = {"source": source.name, "mean": mean, "std": std}
    return network, ModelCard(
        source.stem, mean=mean, std=std, licence=licence, provenance=provenance
    )


def _check(network: OnnxNetwork, path: Path, source: Path) -> None:
    """Raises: PocketstyleError: its picture of noise is not onnxruntime's."""
    x = torch.rand(1, 3, *network.spec.frame, generator=torch.Generator().manual_seed(0)) * 2 - 1
    content = x if network.channels_first else x.permute(0, 2, 3, 1)
    try:
        wanted = torch.from_numpy(play_onnx(path, content.contiguous().numpy()))
    except Exception as error:  # whatever onnxruntime raises
        raise PocketstyleError(f"onnxruntime cannot run {source}: {first_line(error)}") from error
    if not network.channels_first:
        wanted = wanted.permute(0, 3, 1, 2)
    if wanted.shape != x.shape:
        raise UsageError(f"{source} gives {list(wanted.shape)} for a picture {list(x.shape)}")
    with torch.no_grad():
        difference = float((network(x) - wanted).abs().max())
    if not difference <= LIMIT * max(1.0, float(wanted.abs().max())):
        raise PocketstyleError(f"{source}: as read here, its picture differs by {difference:.2g}")


def _read(source: Path, folder: Path):
    """An ONNX model of whatever the file is."""
    import onnx

    if not source.is_file():
        raise DataError(f"no such file: {source}")
    if source.suffix == ".pt2":
        source = _from_archive(source, folder / "exported.onnx")
    try:
        model = onnx.load(source)
        onnx.checker.check_model(model)
    except Exception as error:  # whatever the parser raises
        raise FormatError(f"{source} is no ONNX model: {first_line(error)}") from error
    return model


def _place(node) -> str:
    """The path of the module that a node comes from, where torch's exporter noted it."""
    for note in node.metadata_props:
        if note.key == "pkg.torch.onnx.name_scopes":
            *modules, own = ast.literal_eval(note.value)  # each module by its whole path
            return f"{modules[-1]}.{own}" if modules and modules[-1] else own
    return node.name or node.output[0]


def _from_archive(source: Path, out: Path) -> Path:
    """A torch.export archive as ONNX.

    Raises:
        FormatError: no such archive, or one with pickles in it, which are never loaded.
    """
    clean = out.with_suffix(".pt2")
    _copy_without_pickles(source, clean)
    try:
        with quiet():
            program = torch.export.load(clean)
            torch.onnx.export(program, opset_version=OPSET, dynamo=True, verbose=False).save(out)
    except Exception as error:  # whatever torch raises
        raise FormatError(f"cannot read {source}: {first_line(error)}") from error
    return out


def _copy_without_pickles(source: Path, target: Path) -> None:
    """What a graph and its tensors need, and nothing else.

    torch unpickles whatever an archive says is pickled, objects by their file's name and the sample
    inputs, which need not be there, always.

    Raises:
        FormatError: no archive of this format, or a tensor or an object is stored as a pickle.
    """
    try:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for name in dict.fromkeys(old.namelist()):
                data, kind = old.read(name), name.partition("/")[2]
                if kind.startswith("data/sample_inputs/"):
                    data = b""
                elif kind.endswith("_config.json"):
                    _check_config(source, json.loads(data)["config"])
                elif not kind.startswith(PLAIN):
                    raise FormatError(f"{source} holds {name}, which is not read from an archive")
                new.writestr(name, data)
    except (zipfile.BadZipFile, ValueError, KeyError, AttributeError) as error:
        raise FormatError(f"{source} is no torch.export archive") from error


def _check_config(source: Path, config: dict[str, dict[str, Any]]) -> None:
    """Raises: FormatError: an entry is no plain tensor."""
    for name, entry in config.items():
        if entry["use_pickle"] or not entry["path_name"].startswith(("weight_", "tensor_")):
            raise FormatError(f"{source}: {name} is stored as a pickle, which is never loaded")


def _fixed(model, source: Path, frame: Frame | None, out: Path):
    """The model with constant shapes and constants folded, written to `out`."""
    import onnx
    import onnxruntime

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
    axes[0].dim_value = 1
    sides = axes[2:] if axes[1].dim_value == 3 else axes[1:3]
    for axis, side in zip(sides, frame or (0, 0), strict=True):
        if not (axis.dim_value or side):
            raise UsageError(f"{source} leaves the picture's sides open: --size HEIGHTxWIDTH")
        if frame is not None and axis.dim_value not in (0, side):
            raise UsageError(f"{source} takes pictures of its own size alone; leave --size out")
        axis.dim_value = axis.dim_value or side
    for axis in model.graph.output[0].type.tensor_type.shape.dim:
        axis.Clear()  # follow from the input's
    del model.graph.value_info[:]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(out)
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # whatever onnxruntime raises
        raise PocketstyleError(f"onnxruntime refuses {source}: {first_line(error)}") from error
    folded = onnx.load(out)
    kept = {constant.name for constant in folded.graph.initializer}
    for value in [value for value in folded.graph.input if value.name in kept]:
        folded.graph.input.remove(value)
    return folded
