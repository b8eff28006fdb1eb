"""From a torch network to ONNX, by torch's exporter, checked by onnx and played by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

from ..errors import PocketstyleError, UsageError, first_line
from ..frames import Frame
from ..quiet import quiet
from ..whole import written_whole
from .exported import Stylize
from .rewrites import rewrite
from .tflite import INPUT, OUTPUT

OPSET = 18  # the lowest that torch's exporter writes
LIMIT = 1e-4  # of the difference to torch
Axis = Literal["batch", "size"]
AXES: dict[Axis, tuple[int, ...]] = {"batch": (0,), "size": (2, 3)}


def to_onnx(network: nn.Module, out: Path, dynamic: tuple[Axis, ...] = ()) -> float:
    """Write a compact network as ONNX; the file appears whole or not at all.

    Args:
        network: [B, 3, H, W] → the same, in the file, too.
        dynamic: axes left open: the batch, or the sides (multiples of what the network halves).

    Returns:
        The largest difference to torch of onnxruntime's pictures of noise, of the largest value
        where that is above 1: at the spec's frame, and where axes are open at another one.

    Raises:
        PocketstyleError: an axis that the network fixes, or pictures that differ.
    """
    return export_onnx(Stylize(rewrite(network), nhwc=False), network.spec.frame, out, dynamic)


def export_onnx(
    exported: Stylize, frame: Frame, out: Path, dynamic: tuple[Axis, ...] = ()
) -> float:
    """`to_onnx` of a function."""
    unknown = set(dynamic) - set(AXES)
    if unknown:
        raise UsageError(f"unknown axis {unknown.pop()!r}; known: {', '.join(AXES)}")
    with written_whole(out) as part:
        try:
            with quiet():
                program = _export(exported, frame, dynamic)
                program.save(part)
        except Exception as error:  # whatever the exporter raises
            told = first_line(error)
            if dynamic:
                told = f"the network fixes {' or '.join(dynamic)}, which was to stay open"
            raise PocketstyleError(f"could not export to ONNX: {told}") from error
        shapes = [(1, frame)]
        if dynamic:
            height, width = frame
            larger = (2 * height, 2 * width) if "size" in dynamic else frame
            shapes.append((1 + ("batch" in dynamic), larger))
        worst = max(_difference(part, exported, *shape) for shape in shapes)
        if not worst <= LIMIT:
            raise PocketstyleError(f"the ONNX file differs from the network by {worst:.2g}")
    return worst


def _export(function: Stylize, frame: Frame, dynamic: tuple[Axis, ...]) -> torch.onnx.ONNXProgram:
    open_axes = {axis: torch.export.Dim.AUTO for name in dynamic for axis in AXES[name]}
    return torch.onnx.export(
        function,
        # a batch of one would be taken for a constant
        (torch.zeros(_shape(function, 1 + ("batch" in dynamic), frame)),),
        input_names=[INPUT],
        output_names=[OUTPUT],
        opset_version=OPSET,
        dynamic_shapes=(open_axes,) if open_axes else None,
        dynamo=True,
        verbose=False,
    )


def _difference(path: Path, function: Stylize, batch: int, frame: Frame) -> float:
    import onnx

    onnx.checker.check_model(path, full_check=True)
    shape = _shape(function, batch, frame)
    noise = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    with torch.no_grad():
        wanted = function(torch.from_numpy(noise)).numpy()
    return float(np.abs(play_onnx(path, noise) - wanted).max()) / max(1.0, np.abs(wanted).max())


def play_onnx(path: Path, x: np.ndarray) -> np.ndarray:
    """What onnxruntime makes of the one input of a file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def _shape(function: Stylize, batch: int, frame: Frame) -> tuple[int, ...]:
    return (batch, *frame, 3) if function.nhwc else (batch, 3, *frame)
