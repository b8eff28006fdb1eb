"""One `model.safetensors` holds a network: its weights, and in the header everything else (C1)."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ..errors import FormatError, PocketstyleError, UsageError
from ..whole import written_whole
from .spec import Spec, build

FORMAT = "pocketstyle-model"
VERSION = 2
OLDER = ("1",)  # whose specs have a `size`: square frames


@dataclass(frozen=True)
class ModelCard:
    """What travels with the weights.

    Attributes:
        name: short name, such as "heads-teacher".
        mean, std: the network sees (pixel - mean) / std of 0..255 RGB, and emits the same scale.
        provenance: how it was trained: command, data, steps, seed, versions, parents.
        metrics: measured quality, such as {"ssim_to_truth": 0.8}, with "n".
        licence: SPDX identifier of the weights.
        attribution: lines that must be shown with the weights.
    """

    name: str
    mean: float = 127.5
    std: float = 127.5
    provenance: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    licence: str = "Apache-2.0"
    attribution: tuple[str, ...] = ()


def save(path: str | Path, network: nn.Module, card: ModelCard, *, half: bool = False) -> None:
    """Write a network's weights, spec and card; the file appears whole or not at all.

    Args:
        half: store float16, for shipped files; `load` gives float32 again.
    """
    path = Path(path)
    tensors = {
        name: value.detach().to("cpu", torch.float16 if half else torch.float32).contiguous()
        for name, value in network.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "version": str(VERSION),
        "spec": network.spec.to_json(),
        "card": json.dumps(asdict(card)),
    }
    write_tensors(path, tensors, header)


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], header: dict[str, str]) -> None:
    """A safetensors file that appears whole or not at all.

    Raises:
        PocketstyleError: the disk is full or cannot be written; an older file is untouched.
    """
    try:
        with written_whole(path) as part:
            save_file(tensors, part, metadata=header)
    except SafetensorError as error:
        raise PocketstyleError(f"cannot write {path}: {error}") from error


def read_tensors(path: str | Path) -> dict[str, torch.Tensor]:
    """The tensors of any safetensors file, of whatever program.

    Raises:
        FormatError: missing, or not safetensors; the message says which.
    """
    path = Path(path)
    if not path.is_file():
        raise FormatError(f"no such file of weights: {path}")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path} is {_what_it_is(path)}, not safetensors") from error


def read_header(path: str | Path) -> tuple[Spec, ModelCard]:
    """Spec and card of a model file, without its weights.

    Raises:
        FormatError: missing, not safetensors, not ours, or of a newer version; the message says
            which.
    """
    path = Path(path)
    if not path.is_file():
        raise FormatError(f"no such model file: {path}")
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path} is {_what_it_is(path)}, not a pocketstyle model") from error
    if header.get("format") != FORMAT:
        raise FormatError(f"{path} is a safetensors file of another program, not ours")
    if header.get("version") not in (*OLDER, str(VERSION)):
        raise FormatError(
            f"{path} has model version {header.get('version')}; this pocketstyle reads {VERSION}"
        )
    try:
        fields = json.loads(header["card"])
        fields["attribution"] = tuple(fields["attribution"])
        return Spec.from_json(header["spec"]), ModelCard(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} has a damaged header: {error}") from error


def load(path: str | Path) -> tuple[nn.Module, ModelCard]:
    """The network of a model file, in float32 and evaluation mode, and its card.

    Raises:
        FormatError: as `read_header`; or a frame or weights that do not fit the network.
    """
    spec, card = read_header(path)
    try:
        network = build(spec)
    except UsageError as error:
        raise FormatError(f"{path}: {error}") from error
    with safe_open(path, "pt") as file:
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise FormatError(f"{path}: weights do not fit the spec in its header") from error
    return network.eval(), card


def _what_it_is(path: Path) -> str:
    start = path.open("rb").read(8)
    if start[:2] == b"PK":
        return "a zip archive, probably a pickled PyTorch checkpoint (pickles are never loaded)"
    if start[:1] == b"\x80":
        return "a pickle (pickles are never loaded)"
    if start[4:8] == b"TFL3":
        return "a TFLite model"
    if len(start) == 8 and struct.unpack("<Q", start)[0] > path.stat().st_size:
        return "a truncated or foreign file"
    return "a damaged or foreign file"
