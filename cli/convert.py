"""pocketstyle convert: from a model to a TFLite bundle, or to ONNX."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from ..errors import PocketstyleError, UsageError
from ..frames import Frame, parse_frame
from ..whole import check_free
from .interrupts import ended_by_signals
from .networks import is_foreign, stored
from .options import Force, Json, emit, lines_of
from .progress import progress

if TYPE_CHECKING:
    from torch import nn

    from ..networks import ModelCard

NAME = "convert"
VALUES = {"-1..1": (127.5, 127.5), "0..1": (0.0, 255.0), "0..255": (0.0, 1.0)}  # mean, std
MOST_PICTURES = 64  # of a calibration
NONE_SAID = "NOASSERTION"  # SPDX's word


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
    also_size: Annotated[
        list[str] | None,
        typer.Option(help="A further frame: a signature more that shares the weights."),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            help="How players show pictures of other shapes: crop, stretch, detail, or frame (the "
            "whole picture) [the family's way]."
        ),
    ] = None,
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
        str | None,
        typer.Option(help="The frame, HEIGHTxWIDTH or the side of a square [the model's own]."),
    ] = None,
    base: Annotated[
        int | None, typer.Option(min=1, help="With --random: channels of the first layer [64].")
    ] = None,
    values: Annotated[
        str, typer.Option(help="Of a network of others, what pixels become: -1..1, 0..1, 0..255.")
    ] = "-1..1",
    licence: Annotated[
        str | None,
        typer.Option(
            help="SPDX licence of the weights [the model's own; NOASSERTION where it says none]."
        ),
    ] = None,
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
    from ..sdk.bundle import Fit

    if model is None or (output is None and onnx is None):
        raise UsageError("name a model, and where to write: -o OUT.tflite or --onnx OUT.onnx")
    for value, known, option in (
        (io, ("float32", "uint8"), "io"),
        (values, VALUES, "values"),
        (fit, (None, *get_args(Fit)), "fit"),
    ):
        if value not in known:
            allowed = ", ".join(word for word in known if word)
            raise UsageError(f"--{option} {value!r}; allowed: {allowed}")
    frame = None if size is None else parse_frame(size)
    further = [parse_frame(text) for text in also_size or ()]
    targets = [target for target in (output, onnx) if target is not None]
    for target in targets:
        check_free(target, force)
    if len({path.resolve() for path in (*targets, Path(model))}) <= len(targets):
        raise UsageError("the model, -o and --onnx are different files")
    foreign = is_foreign(model)
    _refuse_idle(
        {
            "--base": base is not None and random is None,
            "--random": random is not None and foreign,
            "--values": not foreign and values != "-1..1",
            "--licence": licence is not None and output is None,
            "--dynamic": dynamic is not None and onnx is None,
            "--saved-model": saved_model is not None and output is None,
            "--calibration": calibration is not None and output is None,
            "--also-size": also_size is not None and output is None,
            "--fit": fit is not None and output is None,
        }
    )
    with ended_by_signals() as check:
        if foreign:
            from ..converters import load_foreign

            mean, std = VALUES[values]
            network, card = load_foreign(Path(model), frame, mean=mean, std=std, also_sizes=further)
            if network.remark:
                print(f"{model}: {network.remark}", file=sys.stderr)
        elif random is not None:
            network, card = _random(model, random, frame or (256, 256), base or 64)
        else:
            from ..networks import at_frame

            network, card = stored(model)
            network = at_frame(network, frame or network.spec.frame)
        card = _licensed(card, model, licence)
        if output is not None:
            from ..converters import check_frames

            check_frames(network, further)
        result: dict[str, object] = {}
        if onnx is not None:
            result |= _to_onnx(network, onnx, tuple(dynamic or ()))
        if output is not None:
            from ..converters import convert, verify
            from ..datasets import read_folder
            from ..latency_model import predict_all

            pictures = None
            if calibration is not None:
                folder = read_folder(calibration, network.spec.frame, at_least=1)
                pictures = folder.pictures[:MOST_PICTURES]

            def predicted(frame: Frame) -> dict[str, float]:
                return predict_all(network.kernels(*frame)) if hasattr(network, "kernels") else {}

            with progress() as shown:

                def report(*stage: Any) -> None:
                    check()
                    shown(*stage)

                infos = convert(
                    network,
                    card,
                    {precision: output},
                    predicted_ms=predicted(network.spec.frame),
                    force=force,
                    report=report,
                    route=route,
                    sizes={frame: predicted(frame) for frame in further},
                    fit=fit,
                    pictures=pictures,
                    byte_pictures=io == "uint8",
                    allow_lossy=allow_lossy,
                    saved_model=saved_model,
                )
            measured = infos[precision].metrics
            result |= {"bundle": str(output), "bytes": output.stat().st_size}
            result |= {name: value for name, value in measured.items() if name.endswith("_to_fp32")}
    verification = None
    if output is not None and foreign:  # it is whole: a signal ends the program, not the bundle
        verification = verify(output, (network, card), pictures)
        found = json.loads(verification.to_json())
        told = ("ops", "transposes", "parity_max_abs", "gpu_resident", "gpu_note")
        result |= {"rewritten": dict(network.rewritten)}
        result |= {name: found[name] for name in (*told, "delegate_refuses")}
        result |= {"verdict": verification.verdict}
    emit(result, as_json, "\n".join(lines_of(result)))
    if verification is not None and verification.problems:
        raise PocketstyleError(f"{output} fails: {'; '.join(verification.problems)}")


def _licensed(card: ModelCard, model: str, licence: str | None) -> ModelCard:
    """The card under another licence, where one is named.

    Raises:
        UsageError: it is that of a shipped model.
    """
    if licence is None:
        return card
    if not licence.strip() or not licence.isprintable():
        raise UsageError(f"--licence {licence!r} is no SPDX expression")
    if not Path(model).is_file() and card.licence != NONE_SAID:
        raise UsageError(f"--licence: {model} comes with the package, under {card.licence}")
    return replace(card, licence=licence)


def _refuse_idle(options: dict[str, bool]) -> None:
    """Raises: UsageError: an option that would do nothing here."""
    for option, idle in options.items():
        if idle:
            raise UsageError(f"{option}: nothing here is changed by it")


def _random(family: str, seed: int, frame: Frame, base: int) -> tuple[nn.Module, ModelCard]:
    """A network of a family with random weights, none of which is at a constant start."""
    import torch

    from ..networks import PORTRAIT_SPECS, ModelCard, build, randomise_mixtures

    name = family.replace("_", "-").removesuffix("-light")
    if name not in PORTRAIT_SPECS:
        raise UsageError(f"no family {family!r}; known: {', '.join(PORTRAIT_SPECS)}")
    torch.manual_seed(seed)
    network = build(PORTRAIT_SPECS[name](frame, base)).eval()
    randomise_mixtures(network)
    card = ModelCard(f"{name}-random", provenance={"random_seed": seed}, licence=NONE_SAID)
    return network, card


def _to_onnx(
    network: nn.Module, path: Path, dynamic: tuple[Literal["batch", "size"], ...]
) -> dict[str, object]:
    from ..converters import to_onnx

    return {"onnx": str(path), "onnx_parity_max_abs": to_onnx(network, path, dynamic)}
