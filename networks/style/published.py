"""Published weights of fast style networks, in the layout of PyTorch's example.

The arrays are `conv1..3`, `in1..5`, `res1..5.{conv1,in1,conv2,in2}` and `deconv1..3`, each with a
weight and a bias; a convolution's may be called `conv1.conv2d`, as the example names them. Older
files also hold running means and variances of the norms, which the network does not use. Weights
are for pictures of 0..255; here they take and give -1..1, which changes the first and the last
convolution by a factor and a constant.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import FormatError
from ..spec import build
from .fast_style import FastStyle, fast_style_spec

HALF_RANGE = 127.5  # of a byte: network value = byte / 127.5 - 1
UNUSED = ("running_mean", "running_var", "num_batches_tracked")
PLACES = {
    "conv1": "stem.conv",
    "in1": "stem.norm",
    "conv2": "down1.conv",
    "in2": "down1.norm",
    "conv3": "down2.conv",
    "in3": "down2.norm",
    "deconv1": "up1.conv",
    "in4": "up1.norm",
    "deconv2": "up2.conv",
    "in5": "up2.norm",
    "deconv3": "to_rgb",
}
INSIDE = {"conv1": "conv1", "in1": "norm1", "conv2": "conv2", "in2": "norm2"}


def read_published(path: str | Path) -> FastStyle:
    """The network of a published file of weights, .npz or .pth, in evaluation mode.

    A .pth is read by torch's restricted unpickler, which builds tensors and nothing else.

    Raises:
        FormatError: the file cannot be read, holds code, or is no fast style network; the message
            says which.
    """
    arrays = _read(Path(path))
    tensors = {}
    for name, value in arrays.items():
        place = _place(name.replace(".conv2d.", "."))
        if place is None:
            raise FormatError(f"{path} is no fast style network: it holds {name}")
        if place:
            tensors[place] = value.float()
    blocks = len({place.split(".")[1] for place in tensors if place.startswith("middle.")})
    if "stem.conv.weight" not in tensors:
        raise FormatError(f"{path} is no fast style network: it holds no conv1.weight")
    network = build(fast_style_spec(base=len(tensors["stem.conv.weight"]), blocks=blocks))
    _to_unit_range(tensors, "stem.conv", "to_rgb", path)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise FormatError(f"{path} is no fast style network: {reason}") from error
    return network.eval()


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise FormatError(f"no such file of weights: {path}")
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both readers raise a dozen kinds of errors on foreign bytes
        raise FormatError(
            f"{path} is no .npz of arrays and no .pth of tensors alone; code is never loaded"
        ) from error
    if not isinstance(stored, dict) or not all(isinstance(v, Tensor) for v in stored.values()):
        raise FormatError(f"{path} is no state_dict: it holds other things than named tensors")
    return stored


def _place(name: str) -> str | None:
    """Where a published tensor belongs; "" where it is not used, None where it is unknown."""
    parts = name.split(".")
    if parts[-1] in UNUSED:
        return ""
    *where, what = parts
    if len(where) == 2 and where[0].startswith("res") and where[0][3:].isdigit():
        inside = INSIDE.get(where[1])
        place = inside and f"middle.block{int(where[0][3:]) - 1}.{inside}"
    else:
        place = PLACES.get(where[0]) if len(where) == 1 else None
    if place and "norm" in place:
        what = {"weight": "gamma", "bias": "beta"}.get(what, what)
    return place and f"{place}.{what}"


def _to_unit_range(tensors: dict[str, Tensor], first: str, last: str, path: str | Path) -> None:
    """Change weights for pictures of 0..255 to weights for -1..1, at both ends.

    w * (127.5 (x + 1)) + b = 127.5 w * x + (127.5 sum w + b); reflected edges keep a constant. And
    (w * y + b) / 127.5 - 1 for what comes out.
    """
    try:
        weight = tensors[f"{first}.weight"] = HALF_RANGE * tensors[f"{first}.weight"]
        tensors[f"{first}.bias"] = tensors[f"{first}.bias"] + weight.sum((1, 2, 3))
        tensors[f"{last}.weight"] = tensors[f"{last}.weight"] / HALF_RANGE
        tensors[f"{last}.bias"] = tensors[f"{last}.bias"] / HALF_RANGE - 1
    except (KeyError, IndexError) as error:
        raise FormatError(f"{path} is no fast style network: no {error}") from error
