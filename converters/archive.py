"""torch.export archives as ONNX files; what is pickled in them is never loaded."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..errors import FormatError, first_line
from ..quiet import quiet
from .onnx_model import OPSET

PLAIN = (  # of a torch.export archive: what holds no pickle
    "models/",
    "data/weights/weight_",
    "data/constants/tensor_",
    "archive_format",
    "archive_version",
    "byteorder",
    ".data/",
)


def from_archive(source: Path, out: Path) -> Path:
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
