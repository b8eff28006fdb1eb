"""pocketstyle evaluate: how close a model's pictures come to a target's, and what it costs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from ..errors import UsageError
from ..frames import Frame
from ..quiet import quiet
from .info import describe
from .networks import network_and_card
from .options import Json
from .progress import progress

NAME = "evaluate"

COSTS = ("family", "height", "width", "macs", "params", "predicted_ms")
AT_LEAST = 4  # pictures of each set: KID's subsets of half then have two

ROWS = ("translated", "untouched")
CHANNELS = (768, 2048)  # of the two Inceptions

Report = Callable[[int, int], None]


def run(
    model: Annotated[
        str, typer.Argument(help="model.safetensors, a bundle, or the name of a shipped one.")
    ],
    source: Annotated[Path, typer.Option(help="Folder of pictures to translate.")],
    target: Annotated[Path, typer.Option(help="Folder of pictures to come close to.")],
    inception: Annotated[
        Path | None, typer.Option(help="Inception-v3 weights, .npz (docs/data.md: where from).")
    ] = None,
    inception_2048: Annotated[
        Path | None,
        typer.Option(help="torch-fidelity's weights as safetensors: 2048 channels, too."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a model: FID and KID to a target, with N, and its cost."""
    if inception is None:
        raise UsageError(
            "evaluate needs --inception NPZ, the public TensorFlow Inception of 2015-12-05; "
            "docs/data.md says where to get it"
        )
    if model.endswith(".json"):
        raise UsageError(f"{model} is a spec and has no weights to evaluate")
    # torch: not before what can be refused without it
    from ..metrics import load_inception, load_inception_2048
    from ..sdk import shipped
    from ..search import distances, translate

    network, card = network_and_card(model)
    costs = describe(network)
    extractor = load_inception(inception)
    wide = None if inception_2048 is None else load_inception_2048(inception_2048)
    with progress() as report:
        pictures = {
            name: _read(folder, network.spec.frame, partial(report, f"read {name}"))
            for name, folder in (("source", source), ("target", target))
        }
        step = partial(report, "translate")
        if model.endswith(".tflite") or model in shipped():  # its network comes without weights
            translated = _play(model, pictures["source"], step)
        else:
            translated = translate(network, pictures["source"], step)
        candidates = {"translated": translated, "untouched": pictures["source"]}
        result = distances(extractor, pictures["target"], candidates, report, wide)
    result = {
        "model": card["name"],
        "source": str(source),
        "target": str(target),
        **result,
        **{key: costs[key] for key in COSTS},
    }
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    if worse := _worse(result):
        told = "warning: the untouched pictures are nearer to the target than the model's"
        print(f"{told}: {worse}", file=sys.stderr)


def _worse(result: dict[str, Any]) -> str:
    """By which distances the source as it is lies nearer to the target; empty where by none."""
    pairs = {
        f"FID-{channels}": [result[name].get(f"fid_{channels}") for name in ROWS]
        for channels in CHANNELS
    }
    return ", ".join(
        f"{name} {untouched:.2f} against {translated:.2f}"
        for name, (translated, untouched) in pairs.items()
        if None not in (translated, untouched) and translated > untouched
    )


def _read(folder: Path, frame: Frame, report: Report) -> np.ndarray:
    from ..datasets import read_folder

    return read_folder(folder, frame, at_least=AT_LEAST, report=report).pictures


def _play(bundle: str, pictures: np.ndarray, report: Report) -> np.ndarray:
    """uint8[N, H, W, 3] → the same, translated by the bundle as a phone plays it."""
    from ..sdk import Stylizer

    made = []
    with quiet():  # the runtime announces its kernels
        stylizer = Stylizer.load(bundle)
    with stylizer:
        for picture in pictures:
            made.append(stylizer.apply(picture))
            report(len(made), len(pictures))
    return np.stack(made)


def _print(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(
        f"{result['model']}: {result['family']} at {result['height']}x{result['width']} px, "
        f"{result['macs'] / 1e6:.1f} MMACs, {result['params'] / 1e3:.1f} k parameters"
    )
    n = result["n"]
    table = Table(title=f"distance to the target's {n['target']} pictures", title_justify="left")
    table.add_column("pictures")
    measured = [c for c in CHANNELS if f"fid_{c}" in result["translated"]]
    columns = [column for c in measured for column in (f"FID-{c}", f"KID-{c} × 100")]
    for column in ("N", *columns):
        table.add_column(column, justify="right")
    for row, name in (("source, translated", "translated"), ("source as it is", "untouched")):
        one, cells = result[name], []
        for c in measured:
            cells.append(f"{one[f'fid_{c}']:.3f}")
            cells.append(f"{one[f'kid_{c}_x100']:.3f} ± {one[f'kid_{c}_x100_deviation']:.3f}")
        table.add_row(row, str(n["source"]), *cells)
    console.print(table)
    console.print(
        f"KID over {result['kid_subsets']} subsets of {result['kid_subset_size']}. FID falls as N "
        "grows: compare at equal N, and figures of 768 and of 2048 channels with their own kind.",
        soft_wrap=True,
    )
    table = Table(title="predicted milliseconds", title_justify="left")
    for name in result["predicted_ms"]:
        table.add_column(name, justify="right")
    table.add_row(*(f"{ms:.2f}" for ms in result["predicted_ms"].values()))
    console.print(table)
