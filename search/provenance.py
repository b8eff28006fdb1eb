"""Where a model comes from: what its card says of data, settings and versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..datasets import PictureSet
from .config import Config


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
