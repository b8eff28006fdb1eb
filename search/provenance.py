"""Where a model comes from: what its card says of data, settings and versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..datasets import PictureSet
from ..networks import ModelCard
from ..networks.checkpoint import read_header
from .config import Config
from .shipped import resolve_model


def card(config: Config, name: str, provenance: dict[str, Any], parent: Path | None) -> ModelCard:
    """The card of a trained model: the licence is the user's word, nothing is assumed.

    Args:
        parent: the model whose weights it began with; lines that must be shown with those must be
            shown with these.
    """
    lines = () if parent is None else read_header(resolve_model(parent))[1].attribution
    return ModelCard(name, provenance=provenance, licence=config.card.licence, attribution=lines)


def provenance(config: Config, data: tuple[PictureSet, PictureSet], **more: Any) -> dict[str, Any]:
    """The resolved settings and the size of the data; folders by their last name only."""
    settings = config.model_dump(mode="json", exclude_none=True, exclude={"nas"})
    for section, key in (("data", "source"), ("data", "target"), ("network", "encoder")):
        if key in settings[section]:
            settings[section][key] = Path(settings[section][key]).name
    return {
        "config": settings,
        "source_pictures": len(data[0]),
        "target_pictures": len(data[1]),
        "skipped_pictures": len(data[0].skipped + data[1].skipped),
        "pocketstyle": __version__,
        "torch": torch.__version__,
        **more,
    }
