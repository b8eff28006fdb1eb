"""Checkpoints of a running training: nested dicts, lists, numbers and tensors, no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from ..errors import FormatError
from ..networks import write_tensors

FORMAT = "pocketstyle-state"


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Replace the file by this state, whole or not at all.

    Raises:
        PocketstyleError: as `write_tensors`.
    """
    tensors: dict[str, torch.Tensor] = {}

    def pack(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            key = str(len(tensors))
            # clone: shared storage is refused by safetensors, and strides are not kept anyway
            tensors[key] = value.detach().cpu().contiguous().clone()
            return {"tensor": key}
        if isinstance(value, dict):
            return {"dict": [[key, pack(item)] for key, item in value.items()]}
        if isinstance(value, list | tuple):
            return {"list": [pack(item) for item in value]}
        return {"value": value}

    header = {"format": FORMAT, "tree": json.dumps(pack(state))}
    write_tensors(path, tensors, header)


def load_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote.

    Raises:
        FormatError: not a state file, or damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            if header.get("format") != FORMAT:
                raise FormatError(f"{path} is not a pocketstyle checkpoint")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path} is not a pocketstyle checkpoint: {error}") from error

    def unpack(node: dict[str, Any]) -> Any:
        kind, value = next(iter(node.items()))
        if kind == "tensor":
            return tensors[value]
        if kind == "dict":
            return {key: unpack(item) for key, item in value}
        if kind == "list":
            return [unpack(item) for item in value]
        return value

    return unpack(json.loads(header["tree"]))
