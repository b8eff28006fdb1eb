"""pocketstyle convert: from a model to a TFLite bundle, or to ONNX."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import UsageError
from ..whole import check_free
from .options import Force, Json, emit
from .progress import progress

if TYPE_CHECKING:
    from torch import nn

    from ..networks import ModelCard

NAME = "convert"
FOREIGN = (".onnx", ".pt2")


def run(
    model: Annotated[
        str | None,
        typer.Argument(
            help="model.safetensors, a shipped name, with --random a family, or a network of "
            "others: their.onnx, their.pt2 (torch.export)."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle, OUT.tflite.")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="fp32, fp16, int8-weights, int8-dynamic or int8.")
    ] = "fp16",
    route: Annotated[str, typer.Option(help="litert, onnx2tf or onnx-tf.")] = "litert",
    io: Annotated[
        str, typer.Option(help="float32 network values, or uint8 pixels in and out.")
    ] = "float32",
    calibration: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures: int8 is calibrated, quantisations judged on them."),
    ] = None,
    allow_lossy: Annotated[
        bool, typer.Option("--allow-lossy", help="Write a quantisation that loses much, too.")
    ] = False,
    saved_model: Annotated[
        Path | None, typer.Option(help="Keep TensorFlow's SavedModel of an ONNX route here.")
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX, too.")] = None,
    dynamic: Annotated[
        list[str] | None, typer.Option(help="Of the ONNX file: leave batch, or size, open.")
    ] = None,
    random: Annotated[
        int | None, typer.Option(help="Random weights of this seed for a family by name.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="With --random [256], or where a foreign file leaves it open: the side."),
    ] = None,
    base: Annotated[int, typer.Option(help="With --random: channels of the first layer.")] = 64,
    prepare_route: Annotated[
        str | None, typer.Option(help="Make a route's environment now, and nothing else.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Convert a model to one self-describing .tflite."""
    if prepare_route is not None:
        from ..converters import RouteEnvironment

        environment = RouteEnvironment(prepare_route)
        environment.prepare()
        path = str(environment.path)
        emit({"environment": path}, as_json, f"{prepare_route} is ready: {path}")
        return
    if model is None or (output is None and onnx is None):
        raise UsageError("name a model, and where to write: -o OUT.tflite or --onnx OUT.onnx")
    if io not in ("float32", "uint8"):
        raise UsageError(f"--io {io!r}; allowed: float32, uint8")
    if Path(model).suffix in FOREIGN:
        _foreign(Path(model), output, size, force, as_json)
        return
    network, card = _network(model, random, 256 if size is None else size, base)
    result: dict[str, object] = {}
    if onnx is not None:
        result |= _to_onnx(network, onnx, tuple(dynamic or ()), force)
    if output is not None:
        from ..converters import convert
        from ..datasets import read_folder
        from ..latency_model import predict_all

        pictures = None
        if calibration is not None:
            pictures = read_folder(calibration, network.spec.size, at_least=1).pictures[:64]
        with progress() as report:
            convert(
                network,
                card,
                {precision: output},
                predicted_ms=predict_all(network.kernels()),
                force=force,
                report=report,
                route=route,
                pictures=pictures,
                byte_pictures=io == "uint8",
                allow_lossy=allow_lossy,
                saved_model=saved_model,
            )
        result |= {"bundle": str(output), "bytes": output.stat().st_size}
    emit(result, as_json, "\n".join(f"{name}: {value}" for name, value in result.items()))


def _network(model: str, seed: int | None, size: int, base: int) -> tuple[nn.Module, ModelCard]:
    """A stored network, or one of a family with random weights."""
    import torch

    from ..networks import PORTRAIT_SPECS, ModelCard, build, load
    from ..search import resolve_model

    if seed is None:
        return load(resolve_model(model))
    family = model.replace("_", "-").removesuffix("-light")
    if family not in PORTRAIT_SPECS:
        raise UsageError(f"no family {model!r}; known: {', '.join(PORTRAIT_SPECS)}")
    torch.manual_seed(seed)
    network = build(PORTRAIT_SPECS[family](size, base)).eval()
    return network, ModelCard(f"{family}-random", provenance={"random_seed": seed})


def _foreign(source: Path, out: Path | None, size: int | None, force: bool, as_json: bool) -> None:
    """Convert what others trained, and say what became of it."""
    from ..converters import convert_foreign

    if out is None:
        raise UsageError("where to write? -o OUT.tflite")
    check_free(out, force)
    found = convert_foreign(source, out, size)
    result = {"bundle": str(out), "bytes": out.stat().st_size, **asdict(found)}
    lines = [f"bundle: {out} ({result['bytes']} bytes, {found.ops} operators)"]
    lines += [f"rewritten: {count} x {what}" for what, count in found.rewritten.items()]
    lines += [f"parity: {found.max_abs:.1e} to onnxruntime", f"GPU: {found.gate.note}"]
    lines += [f"older GPU delegate: {n} x {why}" for why, n in found.delegate_refuses.items()]
    emit(result, as_json, "\n".join(lines))


def _to_onnx(
    network: nn.Module, path: Path, dynamic: tuple[Literal["batch", "size"], ...], force: bool
) -> dict[str, object]:
    from ..converters import to_onnx

    check_free(path, force)
    return {"onnx": str(path), "onnx_parity_max_abs": to_onnx(network, path, dynamic)}
