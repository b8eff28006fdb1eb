"""Networks that others trained: ONNX files and torch.export archives, as networks to convert.

A `.pt2` archive goes through ONNX, so both take one path: shapes are fixed, onnxruntime folds the
constants, what is left is written anew in operators that phone GPUs run (`OnnxNetwork`), and its
pictures have to be onnxruntime's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from ..errors import PocketstyleError, UsageError
from ..frames import Frame, Size, frame_of
from ..networks import ModelCard
from .fidelity import LEVELS, network_values, sample_pictures
from .onnx_network import OnnxNetwork, UnknownFormError
from .onnx_reference import OnnxReference

LIMIT = 1e-3  # of what a picture shows: its own range of values, at most from black to white
NONE_SAID = "NOASSERTION"  # SPDX's word
MARGIN, DARK, MOST_BEYOND = 25, 115, 0.25  # levels, levels and a share, of 255: see `_doubt`
ROUNDING = 1e-5  # of the largest value: what float32 may differ by


def load_foreign(
    source: Path,
    size: Size | None = None,
    *,
    mean: float = LEVELS,
    std: float = LEVELS,
    licence: str = NONE_SAID,
    also_sizes: Iterable[Size] = (),
) -> tuple[OnnxNetwork, ModelCard]:
    """A network of others and a card for it, as `networks.load` gives them.

    Args:
        source: `.onnx`, or `.pt2` as torch.export.save writes it.
        size: the frame, where the file leaves it open.
        mean, std: of the network's rule `value = (pixel - mean) / std`.
        licence: of its weights, an SPDX expression.
        also_sizes: further frames at which its pictures have to be onnxruntime's.

    Raises:
        DataError, FormatError: no such file, or of another kind.
        UsageError: other than one picture in and one out, sides left open, or a size that is not
            the file's.
        PocketstyleError: an operator that has no form here (named, with its place), or pictures
            that differ from onnxruntime's.
    """
    source = Path(source)
    reference = OnnxReference(source, size)
    try:
        network = OnnxNetwork(reference).eval()
        photo = _check(network, reference.spec.frame, mean, std)
        for further in also_sizes:
            _check(network, frame_of(further), mean, std)
    except UnknownFormError as error:
        raise PocketstyleError(f"{source}: {error}") from error
    network.remark = _doubt(photo, mean, std)
    return network, foreign_card(source, mean, std, licence)


def foreign_card(source: Path, mean: float, std: float, licence: str = NONE_SAID) -> ModelCard:
    """What is known of a network of others."""
    # a bundle of bytes does not say what its network makes of them
    provenance = {"source": source.name, "mean": mean, "std": std}
    return ModelCard(source.stem, mean=mean, std=std, licence=licence, provenance=provenance)


def _check(network: OnnxNetwork, frame: Frame, mean: float, std: float) -> np.ndarray:
    """Compare with onnxruntime on a photo and on noise, in the values that the network sees.

    Returns:
        What onnxruntime makes of the photo, float32[*frame, 3].

    Raises:
        PocketstyleError: a picture is another one, or has values that are no numbers.
        UsageError: it does not give pictures of this size back.
    """
    source = network.reference.source
    values = network_values(sample_pictures(frame), mean, std)
    wanted = network.reference.play(values)
    if not np.isfinite(wanted).all():
        low, high = (0 - mean) / std, (255 - mean) / std
        raise PocketstyleError(
            f"{source} makes no finite pictures of values from {low:g} to {high:g}; "
            "--values says what it takes"
        )
    content = torch.from_numpy(values.transpose(0, 3, 1, 2)).contiguous()
    with torch.no_grad():
        made = torch.cat([network(picture[None]) for picture in content])
    made = made.permute(0, 2, 3, 1).numpy()
    if made.shape != wanted.shape:
        raise UsageError(f"{source} gives {list(made.shape[1:])} for pictures {list(wanted.shape)}")
    for one, other in zip(made, wanted, strict=True):
        difference = float(np.abs(one - other).max())
        shown = min(255 / std, float(np.ptp(other)))
        if not difference <= LIMIT * shown + ROUNDING * float(np.abs(other).max()):
            raise PocketstyleError(
                f"{source}: as read here, its pictures differ from onnxruntime's by "
                f"{difference * std:.2g} of 255{_first_misread(network, values)}"
            )
    return wanted[0]


def _doubt(photo: np.ndarray, mean: float, std: float) -> str | None:
    """What speaks against the rule of values, if anything, in a stylized photo."""
    levels = photo * std + mean
    beyond = float(((levels < -MARGIN) | (levels > 255 + MARGIN)).mean())
    if beyond <= MOST_BEYOND and np.ptp(levels) >= MARGIN and levels.min() < DARK:
        return None
    low, high, black, white = photo.min(), photo.max(), (0 - mean) / std, (255 - mean) / std
    return (
        f"it makes values from {low:.3g} to {high:.3g} of a photo, where {black:g} is black and "
        f"{white:g} is white: does it take other --values, or end in another range than it takes?"
    )


def _first_misread(network: OnnxNetwork, values: np.ndarray) -> str:
    """Which operator is the first whose values are not onnxruntime's; empty where none is found."""
    for place, operator, made, wanted in network.beside_reference(values[:1]):
        scale = max(float(np.abs(wanted).max()), 1e-6)
        if made.shape != wanted.shape or not np.abs(made - wanted).max() <= LIMIT * scale:
            return (
                f", first at {place}, {operator}: report the file, or write it in other operators"
            )
    return ""
