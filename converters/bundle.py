"""From a network and its card to bundles on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from torch import nn

from ..errors import UsageError
from ..networks import ModelCard
from ..sdk.bundle import BundleInfo, Signature, TensorInfo, append_info
from ..whole import written_whole
from .litert import INPUT, OUTPUT, SIGNATURE, Precision, Report, to_tflite
from .metadata import embed_metadata


def convert(
    network: nn.Module,
    card: ModelCard,
    outs: Mapping[Precision, Path],
    *,
    predicted_ms: dict[str, float],
    force: bool = False,
    report: Report | None = None,
) -> dict[Precision, BundleInfo]:
    """Convert a compact network and write its bundles; each appears whole or not at all.

    Args:
        outs: where to write it in which precision.
        predicted_ms: device name to the speed model's latency.
        force: replace existing files.
        report: as in `to_tflite`.

    Raises:
        UsageError: an output exists, an unknown precision, a supernet.
        DataError: an output cannot be written.
        PocketstyleError: litert-torch is not installed or cannot convert the network.
    """
    for out in outs.values():
        if out.exists() and not force:
            raise UsageError(f"{out} exists; pass --force to replace it")
    infos = {}
    with ExitStack() as stack:  # opened first: a wrong folder shows before the work
        parts = {p: stack.enter_context(written_whole(out)) for p, out in outs.items()}
        for precision, tflite in to_tflite(network, outs, report).items():
            info = _describe(network, card, precision, predicted_ms)
            parts[precision].write_bytes(append_info(embed_metadata(tflite, info), info))
            infos[precision] = info
    return infos


def _describe(
    network: nn.Module,
    card: ModelCard,
    precision: Precision,
    predicted_ms: dict[str, float],
) -> BundleInfo:
    spec = network.spec
    rgb = {"shape": (1, spec.size, spec.size, 3), "mean": card.mean, "std": card.std}
    content = TensorInfo(name=INPUT, description="RGB picture to stylize", **rgb)
    stylized = TensorInfo(name=OUTPUT, description="Stylized RGB picture", **rgb)
    return BundleInfo(
        name=card.name,
        title=f"{card.name}, {spec.family} {spec.size}x{spec.size}",
        description=(
            f"Style network of the family {spec.family} for pictures of "
            f"{spec.size}x{spec.size} pixels, {precision} weights."
        ),
        signatures=(Signature(name=SIGNATURE, inputs=(content,), outputs=(stylized,)),),
        precision=precision,
        spec=json.loads(spec.to_json()),
        predicted_ms=predicted_ms,
        metrics=card.metrics,
        provenance=card.provenance,
        licence=card.licence,
        attribution=card.attribution,
    )
