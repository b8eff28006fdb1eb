"""From a torch network to the bytes of TFLite files: a route, precisions, short names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from ..errors import PocketstyleError, UsageError, first_line
from ..frames import Frame, Size, frame_of, frame_text
from ..networks import Width
from ..sdk.bundle import ENCODE_STYLE, STYLE
from .frames import check_frames

Precision = Literal["fp32", "fp16", "int8-weights", "int8-dynamic", "int8"]
Route = Literal["litert", "onnx2tf", "onnx-tf"]
Report = Callable[[str, int, int], None]  # stage, stages done, stages in all

SIGNATURE, INPUT, OUTPUT = "stylize", "content", "stylized"
STATISTICS = "statistics"


def to_tflite(
    network: nn.Module,
    precisions: Iterable[Precision],
    report: Report | None = None,
    *,
    route: Route = "litert",
    sizes: Iterable[Size] = (),
    calibration: Mapping[str, np.ndarray] | None = None,
    pixels: tuple[float, float] | None = None,
    saved_model: Path | None = None,
) -> dict[Precision, bytes]:
    """Convert a compact network at the frame of its spec, once for all precisions.

    Args:
        network: [B, 3, H, W] → the same; the caller's object stays as it is.
        precisions: see `with_precision`.
        report: called before each stage and at the end. The libraries are silenced, and with them
            all that writes to standard output or error meanwhile.
        route: litert-torch, or over ONNX by a converter in an environment of its own.
        sizes: further frames, for which the file has signatures of their own.
        calibration: float32[N, H, W, 3] as the network sees them by signature, for "int8".
        pixels: mean and std of the rule `network value = (pixel - mean) / std`, for a graph whose
            pictures are uint8 pixels; None leaves the rule to the caller.
        saved_model: a new folder for the SavedModel that the routes over ONNX pass through.

    Returns:
        TFLite files with the signature "stylize", "content" [1, H, W, 3] to "stylized", the same,
        and for each further frame "stylize_HEIGHTxWIDTH"; of a network that takes a style,
        "encode_style", "style" to "statistics0" and so on, which "stylize" takes behind the
        content. All of them share the weights.

    Raises:
        UsageError: an unknown precision or route, "int8" without pictures, a supernet, frames that
            the network, the route or a phone's GPU does not take.
        PocketstyleError: a library is not installed, or cannot convert the network.
    """
    precisions, sizes = list(precisions), tuple(sizes)
    for value, known, what in (
        *((precision, get_args(Precision), "precision") for precision in precisions),
        (route, get_args(Route), "route"),
    ):
        if value not in known:
            raise UsageError(f"{what} {value!r}; allowed: {', '.join(known)}")
    if saved_model is not None and route == "litert":
        raise UsageError("the route litert makes no SavedModel; onnx2tf and onnx-tf do")
    if "int8" in precisions and calibration is None:
        raise UsageError("int8 needs pictures to calibrate on: --calibration FOLDER")
    if any(isinstance(m, Width) and m.mask is not None for m in network.modules()):
        raise UsageError("a supernet cannot be converted; compact() it first")
    if sizes and route != "litert":
        raise UsageError(f"the route {route} makes files of one size; litert makes several")
    if takes_style(network) and (route != "litert" or sizes or pixels or "int8" in precisions):
        raise UsageError(
            "a network that takes a style converts by litert at one size, with network values, in "
            "fp32, fp16, int8-weights or int8-dynamic"
        )
    check_frames(network, sizes)
    mean, std = pixels or (0.0, 1.0)
    shift = mean / std
    Files = dict[Precision, bytes]

    def by_route(_: Files) -> Files:
        tflite = _convert(network, route, signatures(network, sizes), shift, saved_model)
        return dict.fromkeys(precisions, tflite)

    def quantise(files: Files) -> Files:
        from .precision import with_precision

        shifted = {name: seen + np.float32(shift) for name, seen in (calibration or {}).items()}
        return {p: with_precision(tflite, p, shifted) for p, tflite in files.items()}

    def as_bytes(files: Files) -> Files:
        from .byte_pictures import take_bytes

        return {p: take_bytes(tflite, std) for p, tflite in files.items()}

    stages = {"convert": by_route}
    if precisions != ["fp32"]:
        stages["quantise"] = quantise
    if pixels is not None:
        stages["take bytes"] = as_bytes
    files: Files = {}
    for done, (stage, run) in enumerate(stages.items()):
        if report:
            report(stage, done, len(stages))
        try:
            files = run(files)
        except ModuleNotFoundError as error:
            raise PocketstyleError(
                "conversion needs the convert extra: pip install 'pocketstyle[convert]'"
            ) from error
        except PocketstyleError:
            raise
        except Exception as error:  # whatever the libraries raise
            if stage == "convert" and route == "litert":
                from .blame import blamed

                raise blamed(network, error) from error
            raise PocketstyleError(
                f"could not {stage}: {type(error).__name__}: {first_line(error)}"
            ) from error
    if report:
        report("done", len(stages), len(stages))
    return files


def signatures(network: nn.Module, sizes: Iterable[Size] = ()) -> dict[str, Frame]:
    """The frames of a file by signature."""
    further = [frame_of(size) for size in sizes]
    named = {f"{SIGNATURE}_{frame_text(frame)}": frame for frame in further}
    return {SIGNATURE: network.spec.frame} | named


def _convert(
    network: nn.Module,
    route: Route,
    frames: Mapping[str, Frame],
    shift: float,
    saved_model: Path | None,
) -> bytes:
    """A file of float32 weights with our signatures and names."""
    if route == "litert":
        from .exported import Stylize
        from .litert import by_litert
        from .rewrites import rewrite

        network = rewrite(network)
        if takes_style(network):
            return named(by_litert(_with_style(network)))
        function = Stylize(network, shift)
        return named(
            by_litert({name: (function, (_picture(frame),)) for name, frame in frames.items()})
        )
    from .onnx_routes import by_onnx

    return named(by_onnx(route, network, shift, saved_model))


def _picture(frame: Frame) -> torch.Tensor:
    return torch.zeros(1, *frame, 3)


def takes_style(network: nn.Module) -> bool:
    """Whether a network draws in the manner of a second picture."""
    return hasattr(network, "encode_style")


def _with_style(network: nn.Module) -> dict[str, tuple[nn.Module, tuple[torch.Tensor, ...]]]:
    """Both functions of a network that takes a style, the costly one first."""
    from .exported import EncodeStyle, StylizeAs

    encode, picture = EncodeStyle(network), _picture(network.spec.frame)
    with torch.no_grad():
        statistics = encode(picture)
    return {
        SIGNATURE: (StylizeAs(network), (picture, *statistics)),
        ENCODE_STYLE: (encode, (picture,)),
    }


def _ends(signature: str, inputs: int, outputs: int) -> tuple[list[str], list[str]]:
    """Names of what goes in and out of a signature, in order."""
    if signature == ENCODE_STYLE:
        return [STYLE], [f"{STATISTICS}{i}" for i in range(outputs)]
    return [INPUT, *(f"{STATISTICS}{i}" for i in range(inputs - 1))], [OUTPUT]


def _in_order(ends: list) -> list:
    """litert-torch numbers its ends, and its signatures sort them as words."""
    return sorted(ends, key=lambda end: (len(end.name), end.name))


def named(tflite: bytes) -> bytes:
    """With our names: of the only signature, of what goes in and out, and short ones of tensors.

    Products of matrices lose the copies around them on the way, transposed convolutions the
    activations inside them, and clamps become such as GPUs know.

    Converters' names take 300 bytes each. A quantiser knows tensors by their names, so no two
    graphs share one.
    """
    from .batch_matmuls import drop_copies
    from .clamps import plain_clamps
    from .flatbuffer import read_model, write_model
    from .transposed_convolutions import split_activations

    model = read_model(tflite)
    drop_copies(model)
    split_activations(model)
    plain_clamps(model)
    if len(model.signatureDefs) == 1:
        model.signatureDefs[0].signatureKey = SIGNATURE
    for signed in model.signatureDefs:
        graph = model.subgraphs[signed.subgraphIndex]
        inputs, outputs = _in_order(signed.inputs), _in_order(signed.outputs)
        _, height, width, _ = graph.tensors[inputs[0].tensorIndex].shape
        mark = f"@{frame_text((height, width))}" if signed.subgraphIndex else ""
        for index, tensor in enumerate(graph.tensors):
            tensor.name = f"{_module_path(tensor.name.decode())}:{index}{mark}".encode()
        key = signed.signatureKey
        names = _ends(key if isinstance(key, str) else key.decode(), len(inputs), len(outputs))
        for ends, called in zip((inputs, outputs), names, strict=True):
            for end, name in zip(ends, called, strict=True):
                end.name = name
                graph.tensors[end.tensorIndex].name = f"{name}{mark}".encode()
    return write_model(model)


def _module_path(name: str) -> str:
    """'a.Stylize/b.Net_network/c.Block_block0/d.Norm_norm1;;…' → 'block0/norm1'; of TensorFlow's
    names the last part."""
    first = name.partition(";")[0]
    if ".Stylize" not in first:
        return first.rpartition("/")[2]
    return "/".join(part.rpartition(".")[2].partition("_")[2] for part in first.split("/")[2:])
