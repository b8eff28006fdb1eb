"""pocketstyle models: the shipped bundles."""

from __future__ import annotations

from .options import Json, emit

NAME = "models"


def run(as_json: Json = False) -> None:
    """List the bundles that come with the package."""
    from ..sdk import read_info, shipped

    bundles = {name: read_info(path) for name, path in shipped().items()}
    emit(
        {name: info.model_dump(mode="json") for name, info in bundles.items()},
        as_json,
        "\n".join(f"{name}  {info.title} ({info.licence})" for name, info in bundles.items()),
    )
