"""From a network and its card to bundles on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import DataError, PocketstyleError, UsageError
from ..frames import Frame, Size, frame_text
from ..networks import ModelCard
from ..sdk.bundle import BundleInfo, Fit, Signature, TensorInfo, append_info
from ..whole import check_free, written_whole
from .fidelity import Fidelity, as_signed, as_taken, at_frame, compare, network_values, noise
from .metadata import embed_metadata
from .player import Player, style_statistics
from .tflite import (
    ENCODE_STYLE,
    INPUT,
    OUTPUT,
    SIGNATURE,
    STATISTICS,
    STYLE,
    Precision,
    Report,
    Route,
    signatures,
    takes_style,
    to_tflite,
)

LEAST_PSNR = {"int8-weights": 35.0, "int8-dynamic": 30.0, "int8": 30.0}  # dB, to fp32
JUDGED = 8  # pictures at most


def convert(
    network: nn.Module,
    card: ModelCard,
    outs: Mapping[Precision, Path],
    *,
    predicted_ms: dict[str, float],
    force: bool = False,
    report: Report | None = None,
    route: Route = "litert",
    sizes: Mapping[Size, dict[str, float]] | None = None,
    fit: Fit | None = None,
    pictures: np.ndarray | None = None,
    byte_pictures: bool = False,
    allow_lossy: bool = False,
    saved_model: Path | None = None,
) -> dict[Precision, BundleInfo]:
    """Convert a compact network and write its bundles; each appears whole or not at all.

    Args:
        outs: where to write it in which precision.
        predicted_ms: device name to the speed model's latency at the network's own frame.
        force: replace existing files.
        report, route, saved_model: as in `to_tflite`.
        sizes: further frames, each with the speed model's latencies as `predicted_ms`; a signature
            for each, all of them with the same weights.
        fit: how players show pictures of other shapes; None takes the family's way.
        pictures: uint8[N, H, W, 3] like those that it will see: "int8" is calibrated on them, and
            every quantisation is compared with fp32 on them (on noise without). Other frames get
            them resized.
        byte_pictures: the graph takes and gives uint8 pixels instead of network values.
        allow_lossy: write a quantisation that falls below its `LEAST_PSNR`, too.

    Raises:
        UsageError: an output exists, an unknown precision, a supernet, pictures of another size.
        DataError: an output cannot be written.
        PocketstyleError: litert-torch is not installed or cannot convert the network, or a
            quantisation is too lossy.
    """
    if saved_model is not None and saved_model.exists():
        raise UsageError(f"{saved_model} exists; name a new folder")
    for out in outs.values():
        if out.is_dir():
            raise UsageError(f"{out} is a folder; name a file")
        check_free(out, force)
    frame, sizes = network.spec.frame, sizes or {}
    if pictures is not None and pictures.shape[1:] != (*frame, 3):
        raise UsageError(
            f"pictures of shape {pictures.shape}; the network takes {frame_text(frame)}"
        )
    infos = {}
    with ExitStack() as stack:  # opened first: a wrong folder shows before the work
        parts = {p: stack.enter_context(written_whole(out)) for p, out in outs.items()}
        kept = None if saved_model is None else stack.enter_context(_beside(saved_model))
        wanted = list(outs)
        if any(precision in LEAST_PSNR for precision in wanted):
            wanted = list(dict.fromkeys(("fp32", *wanted)))
        files = to_tflite(
            network,
            wanted,
            report,
            route=route,
            sizes=sizes,
            calibration=None
            if pictures is None
            else {
                name: network_values(at_frame(pictures, frame), card.mean, card.std)
                for name, frame in signatures(network, sizes).items()
            },
            pixels=(card.mean, card.std) if byte_pictures else None,
            saved_model=kept,
        )
        for precision, part in parts.items():
            info = _describe(network, card, precision, predicted_ms, sizes, fit, byte_pictures)
            if precision in LEAST_PSNR:
                losses = [
                    _loss(precision, files, signature, card, pictures, allow_lossy)
                    for signature in info.stylizers
                ]
                worst = min(losses, key=lambda loss: loss.psnr_db)
                told = {f"{name}_to_fp32": value for name, value in asdict(worst).items()}
                info = info.model_copy(update={"metrics": info.metrics | told})
            part.write_bytes(append_info(embed_metadata(files[precision], info), info))
            infos[precision] = info
        if kept is not None:
            kept.rename(saved_model)
    return infos


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A path beside a folder that is to be; what is there at the end is removed.

    Raises:
        DataError: nothing can be written there.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.")
    except OSError as error:
        raise DataError(f"cannot write {folder}: {error.strerror}") from error
    with place as path:
        yield Path(path) / "part"


def _loss(
    precision: Precision,
    files: dict[Precision, bytes],
    signature: Signature,
    card: ModelCard,
    pictures: np.ndarray | None,
    allow_lossy: bool,
) -> Fidelity:
    """How far the quantised pictures are from those of fp32.

    Raises:
        PocketstyleError: too far, and it was not said that they may be.
    """
    content, limit = signature.inputs[0], LEAST_PSNR[precision]
    seen = "noise" if pictures is None else "these pictures"
    if pictures is None:
        pictures = noise(content.shape)
    shown = at_frame(pictures[:JUDGED], signature.frame)
    taken = as_taken(shown, content, card.mean, card.std)

    def played(tflite: bytes) -> np.ndarray:
        fixed = style_statistics(tflite, taken[0]) if len(signature.inputs) > 1 else {}
        made = Player(tflite, signature=signature.name, fixed=fixed).play_all(taken)
        return as_signed(made, card.mean, card.std)

    found = compare(played(files[precision]), played(files["fp32"]))
    if not (found.psnr_db >= limit or allow_lossy):
        raise PocketstyleError(
            f"{precision} is too lossy for this network: {found.psnr_db:.1f} dB PSNR to fp32 on "
            f"{seen}, at least {limit:g} wanted; --allow-lossy writes it all the same"
        )
    return found


def _describe(
    network: nn.Module,
    card: ModelCard,
    precision: Precision,
    predicted_ms: dict[str, float],
    sizes: Mapping[Size, dict[str, float]],
    fit: Fit | None,
    byte_pictures: bool,
) -> BundleInfo:
    spec, frames = network.spec, signatures(network, sizes)
    several, family_fit = len(frames) > 1, getattr(network, "fit", None)
    if family_fit == "frame":  # readers of version 1 know the other families' ways
        fit = fit or family_fit
    new = several or fit is not None or spec.height != spec.width
    predicted = dict(zip(frames, (predicted_ms, *sizes.values()), strict=True)) if several else {}
    rule = {"dtype": "uint8"} if byte_pictures else {"mean": card.mean, "std": card.std}
    return BundleInfo(
        version=2 if new else 1,
        name=card.name,
        title=f"{card.name}, {spec.family} {', '.join(map(frame_text, frames.values()))}",
        description=(
            f"Style network of the family {spec.family} for pictures of "
            f"{' or '.join(map(frame_text, frames.values()))} pixels (height x width), "
            f"{precision} weights."
        ),
        signatures=style_signatures(network, rule)
        if takes_style(network)
        else tuple(
            picture_signature(frame, name, predicted.get(name), **rule)
            for name, frame in frames.items()
        ),
        precision=precision,
        spec=json.loads(spec.to_json()),
        fit=fit,
        predicted_ms=predicted_ms,
        metrics=card.metrics,
        provenance=card.provenance,
        licence=card.licence,
        attribution=card.attribution,
    )


def picture_signature(
    frame: Frame,
    name: str = SIGNATURE,
    predicted_ms: dict[str, float] | None = None,
    **rule: Any,
) -> Signature:
    """One RGB picture in, one out.

    Args:
        rule: how they relate to pixels, as `TensorInfo` has it.
    """
    rgb = {"shape": (1, *frame, 3), **rule}
    content = TensorInfo(name=INPUT, description="RGB picture to stylize", **rgb)
    stylized = TensorInfo(name=OUTPUT, description="Stylized RGB picture", **rgb)
    return Signature(name=name, inputs=(content,), outputs=(stylized,), predicted_ms=predicted_ms)


def style_signatures(network: nn.Module, rule: dict[str, Any]) -> tuple[Signature, ...]:
    """Of a network that takes a style: content and its statistics, and the style that has them."""
    frame = network.spec.frame
    with torch.no_grad():
        encoded = network.encode_style(torch.zeros(1, 3, *frame))
    statistics = tuple(
        TensorInfo(
            name=f"{STATISTICS}{i}",
            description="What is kept of a style picture",
            shape=tuple(tensor.shape),
        )
        for i, tensor in enumerate(chain.from_iterable(encoded))
    )
    stylize = picture_signature(frame, **rule)
    style = stylize.inputs[0].model_copy(
        update={"name": STYLE, "description": "RGB picture whose style is taken over"}
    )
    return (
        stylize.model_copy(update={"inputs": (*stylize.inputs, *statistics)}),
        Signature(name=ENCODE_STYLE, inputs=(style,), outputs=statistics),
    )
