"""From a network and its card to a bundle on disk."""

from __future__ import annotations

import json
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
    out: Path,
    *,
    precision: Precision,
    predicted_ms: dict[str, float],
    metrics: dict[str, float],
    force: bool = False,
    report: Report | None = None,
) -> BundleInfo:
    """Convert a compact network and write its bundle; the file appears whole or not at all.

    Args:
        predicted_ms: device name to the speed model's latency.
        metrics: measured since the card was written; they come after the card's own.
        force: replace an existing file.
        report: as in `to_tflite`.

    Raises:
        UsageError: `out` exists, an unknown precision, a supernet.
        DataError: `out` cannot be written.
        PocketstyleError: litert-torch is not installed or cannot convert the network.
    """
    out = Path(out)
    if out.exists() and not force:
        raise UsageError(f"{out} exists; pass --force to replace it")
    with written_whole(out) as part:  # opened first: a wrong folder shows before the work
        tflite = to_tflite(network, precision, report)
        info = _describe(network, card, precision, predicted_ms, metrics)
        part.write_bytes(append_info(embed_metadata(tflite, info), info))
    return info


def _describe(
    network: nn.Module,
    card: ModelCard,
    precision: Precision,
    predicted_ms: dict[str, float],
    metrics: dict[str, float],
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
        metrics={**card.metrics, **metrics},
        provenance=card.provenance,
        licence=card.licence,
        attribution=card.attribution,
    )
