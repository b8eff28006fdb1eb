"""The teachers that come with the package."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

MODELS = Path(__file__).parent / "models"


def resolve_model(name_or_path: str | Path) -> Path:
    """A model file, or the shipped teacher of that name.

    Raises:
        UsageError: neither; the message names the shipped ones.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    shipped = MODELS / f"{name_or_path}.safetensors"
    if shipped.is_file():
        return shipped
    known = ", ".join(sorted(p.stem for p in MODELS.glob("*.safetensors"))) or "none"
    raise UsageError(f"no model {name_or_path}: not a file, and the shipped ones are: {known}")
