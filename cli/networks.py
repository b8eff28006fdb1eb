"""What a name or a path on the command line stands for: a model, or the network in a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FormatError, UsageError
from ..quiet import quiet

if TYPE_CHECKING:
    from torch import nn

    from ..latency_model import Kernel
    from ..networks import ModelCard
    from ..sdk import BundleInfo


def network_and_card(model: str) -> tuple[nn.Module, dict[str, Any]]:
    """The network (without its weights where it comes from a bundle) and what is said of it.

    Args:
        model: model.safetensors, a bundle, the name of a shipped one of either kind, or a spec as
            a .json file.

    Raises:
        PocketstyleError: as `read_info`, `resolve_model` and `load`.
    """
    import torch

    from ..sdk import read_info

    if model.lower().endswith(".json"):
        text = Path(model).read_bytes().decode(errors="replace")
        return _built(text, model), {"name": Path(model).stem}
    bundle = bundle_path(model)
    if bundle is not None:
        info = read_info(bundle)
        if info.spec.get("family") == "foreign":
            raise UsageError(
                f"{model} was converted from a network that was trained elsewhere; "
                "`pocketstyle info` and `pocketstyle verify` say what it is made of"
            )
        with torch.device("meta"):  # costs no memory, whatever the bundle claims
            return _built(json.dumps(info.spec), model), bundle_card(info)
    network, model_card = stored(model)
    card = {"name": model_card.name, "licence": model_card.licence}
    return network, card | {"metrics": model_card.metrics, "provenance": model_card.provenance}


def parts_of(model: str) -> dict[str, list[Kernel]]:
    """The kernels of what a name or a path stands for, by part; of a bundle those in its file.

    Raises:
        PocketstyleError: as `network_and_card`.
    """
    bundle = bundle_path(model)
    if bundle is None:
        return {name: list(kernels) for name, kernels in network_and_card(model)[0].parts()}
    from ..converters import kernels_of_file
    from ..sdk import read_info
    from ..sdk.graph_check import check_network

    info = read_info(bundle)
    with quiet():  # the runtime announces its kernels
        check_network(bundle)
    return kernels_of_file(bundle, info.signatures[0].name)


def _built(text: str, model: str) -> nn.Module:
    from ..networks import Spec, build

    try:
        return build(Spec.from_json(text))
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        reason = f"{type(error).__name__} {error}"
        raise FormatError(f"{model} describes no network: {reason}") from error


def stored(model: str) -> tuple[nn.Module, ModelCard]:
    """A network with its weights, from a file or by a shipped name.

    Raises:
        PocketstyleError: as `resolve_model` and `load`.
    """
    from ..networks import load
    from ..search import resolve_model

    return load(resolve_model(model))


def is_foreign(model: str) -> bool:
    """Whether a path is that of a network of others."""
    return Path(model).suffix.lower() in (".onnx", ".pt2")


def bundle_path(model: str) -> Path | None:
    """Of a name or a path that stands for a bundle; None where it stands for something else."""
    from ..sdk import resolve, shipped

    return resolve(model) if model.lower().endswith(".tflite") or model in shipped() else None


def bundle_card(info: BundleInfo) -> dict[str, Any]:
    """What a bundle says of itself, without what the network and the file say."""
    return info.model_dump(mode="json", exclude={"spec", "signatures"})
