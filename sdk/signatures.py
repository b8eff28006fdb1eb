"""What a bundle's metadata promise of its signatures, held against what the network has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FormatError
from .bundle import ENCODE_STYLE, BundleInfo, Signature, TensorInfo


def picture_tensors(signature: Signature, path: str | Path) -> tuple[TensorInfo, TensorInfo]:
    """The input and output of a signature: one picture each, of one frame.

    Inputs behind the picture are a style's statistics.
    """
    tensors = (*signature.inputs[:1], *signature.outputs)
    if len(tensors) != 2 or any(tensor.is_picture for tensor in signature.inputs[1:]):
        raise FormatError(
            f"{path}: signature {signature.name!r} has {len(signature.inputs)} inputs and "
            f"{len(signature.outputs)} outputs; a Stylizer plays one picture in, one out"
        )
    frame = tensors[0].shape[1:3]
    for tensor in tensors:
        if tensor.shape != (1, *frame, 3) or min(frame, default=0) < 1:
            raise FormatError(
                f"{path}: {tensor.name} is {list(tensor.shape)}; "
                "a Stylizer plays pictures [1, height, width, 3] of one frame"
            )
    return tensors


def runner_of(network: Any, signature: Signature, path: str | Path) -> Any:
    """What runs a signature, after checking that file and metadata agree on it."""
    try:
        runner = network.get_signature_runner(signature.name)
        taken, made = runner.get_input_details(), runner.get_output_details()
    except ValueError as error:
        raise FormatError(f"{path}: the network has no signature {signature.name!r}") from error
    for promised, details in ((signature.inputs, taken), (signature.outputs, made)):
        wanted = {tensor.name: (tensor.shape, tensor.dtype) for tensor in promised}
        found = {
            name: (tuple(d["shape"].tolist()), np.dtype(d["dtype"]).name)
            for name, d in details.items()
        }
        if found != wanted:
            raise FormatError(
                f"{path}: the metadata promise {_told(wanted)}, the network has {_told(found)}"
            )
    return runner


def encoder_of(network: Any, info: BundleInfo, path: str | Path) -> Any:
    """What runs the signature of a style picture."""
    for signature in info.signatures:
        if signature.name == ENCODE_STYLE:
            return runner_of(network, signature, path)
    raise FormatError(f"{path}: a style's statistics come from {ENCODE_STYLE}, which is missing")


def _told(tensors: dict[str, tuple[tuple[int, ...], str]]) -> str:
    return ", ".join(f"{name}: {dtype} {shape}" for name, (shape, dtype) in tensors.items())
