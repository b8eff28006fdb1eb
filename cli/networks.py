"""What a name or a path on the command line stands for: a model, or the network in a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FormatError, UsageError

if TYPE_CHECKING:
    from torch import nn


def network_and_card(model: str) -> tuple[nn.Module, dict[str, Any]]:
    """The network (without its weights where it comes from a bundle) and what is said of it.

    Args:
        model: model.safetensors, a bundle, the name of a shipped one of either kind, or a spec as
            a .json file.

    Raises:
        PocketstyleError: as `read_info`, `resolve_model` and `load`.
    """
    from ..networks import Spec, build, load
    from ..sdk import read_info, resolve, shipped
    from ..search import resolve_model

    if model.endswith(".json"):
        spec = Spec.from_json(Path(model).read_bytes().decode(errors="replace"))
        try:
            return build(spec), {"name": Path(model).stem}
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = f"{type(error).__name__} {error}"
            raise FormatError(f"{model} describes no network: {reason}") from error
    if model.endswith(".tflite") or model in shipped():
        info = read_info(resolve(model))
        if info.spec.get("family") == "foreign":
            raise UsageError(
                f"{model} was converted from {info.spec['source']}, which has no spec here; "
                "`pocketstyle verify` says what it is made of"
            )
        card = info.model_dump(mode="json", exclude={"spec", "signatures"})
        return build(Spec.from_json(json.dumps(info.spec))), card
    network, model_card = load(resolve_model(model))
    card = {"name": model_card.name, "licence": model_card.licence}
    return network, card | {"metrics": model_card.metrics, "provenance": model_card.provenance}
