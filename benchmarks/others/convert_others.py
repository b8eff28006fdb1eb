"""Networks that others trained, through `pocketstyle convert`: README.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from hardware import hardware
from light_cartoon import light_cartoon
from microast import MicroAst
from pages import halved, sheet, table
from pocketstyle.converters import RouteEnvironment, convert, load_foreign, verify
from pocketstyle.datasets import read_folder
from pocketstyle.images import centre_square, read_rgb, resize
from pocketstyle.quiet import quiet
from pocketstyle.sdk import Stylizer
from residency import in_words
from torch import nn

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks/results/others.json"
PAGE = ROOT / "docs/others.md"
SHEET = ROOT / "docs/others.jpg"
SIZE, STYLE_SIZE, SHOWN = 256, 512, 6
CHILD = Path(__file__).parent / "checkpoint_child.py"
UNIT, SIGNED = (0.0, 255.0), (127.5, 127.5)  # mean and std of what the networks see


def networks(weights: Path, style: Path) -> Iterator[tuple[str, nn.Module, tuple[float, float]]]:
    """Each with its name and its rule for pixels."""
    rgb = resize(centre_square(read_rgb(style)), STYLE_SIZE, STYLE_SIZE)
    picture = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None] / 255
    yield "MicroAST", MicroAst(weights / "microast", picture).eval(), UNIT
    environment = RouteEnvironment("onnx-tf")
    for name in ("paprika", "shinkai"):
        prefix = weights / f"cartoongan_light/light_{name}_ckpt/generator"
        with TemporaryDirectory() as folder:
            path = Path(folder) / "variables.npz"
            environment.call(CHILD, prefix.resolve(), path, within=Path(folder))
            yield f"light CartoonGAN, {name}", light_cartoon(np.load(path)), SIGNED


def export(network: nn.Module, path: Path) -> None:
    """As people do."""
    x = (torch.zeros(1, 3, SIZE, SIZE),)
    with quiet():
        if path.suffix == ".onnx":
            torch.onnx.export(network, x, path, dynamo=True, verbose=False)
        else:
            torch.export.save(torch.export.export(network, x), path)


def converted(
    network: nn.Module, rule: tuple[float, float], pictures: np.ndarray, folder: Path
) -> tuple[dict[str, Any], np.ndarray]:
    """What became of it by each of the two files, and pictures by the bundle."""
    found: dict[str, Any] = {}
    for suffix in ("pt2", "onnx"):
        source, out = folder / f"network.{suffix}", folder / f"{suffix}.tflite"
        export(network, source)
        theirs, card = load_foreign(source, mean=rule[0], std=rule[1])
        convert(theirs, card, {"fp32": out}, predicted_ms={})
        checked = json.loads(verify(out, (theirs, card), pictures).to_json())
        found[suffix] = checked | {"rewritten": dict(theirs.rewritten)}
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - rule[0]) / rule[1]
    with torch.no_grad():
        wanted = torch.cat([network(one[None]) for one in x]).permute(0, 2, 3, 1).numpy()
    with Stylizer.load(out) as stylizer:
        values = np.concatenate(
            [stylizer.run(one[None]) for one in x.permute(0, 2, 3, 1).contiguous().numpy()]
        )
        found["to_theirs"] = float(np.abs(values - wanted).max())
        return found, np.stack([stylizer.apply(picture) for picture in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("weights", "photos", "style"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    folder = read_folder(arguments.photos, SIZE)
    pictures = folder.pictures[:: len(folder.pictures) // SHOWN][:SHOWN]
    rows, found = {"photo": pictures}, {}
    for name, network, rule in networks(arguments.weights, arguments.style):
        with TemporaryDirectory() as within:
            found[name], rows[name] = converted(network, rule, pictures, Path(within))
        print(name, json.dumps(found[name]), flush=True)
    halved(sheet(rows)).save(SHEET, quality=88)
    result = {
        "command": " ".join(("python", *sys.argv)),
        "networks": found,
        "size": SIZE,
        "pictures": len(pictures),
        "hardware": hardware(),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    PAGE.write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """The table and the sheet, in Markdown."""
    lines = []
    for name, found in result["networks"].items():
        one = found["onnx"]
        lines.append(
            (
                name,
                f"{one['macs'] / 1e9:.1f} G",
                "; ".join(f"{n} x {what}" for what, n in one["rewritten"].items()),
                f"{one['ops']} ({found['pt2']['ops']})",
                str(one["transposes"]),
                f"{found['to_theirs']:.1e}",
                in_words(one),
                "; ".join(f"{n} x {what}" for what, n in one["delegate_refuses"].items()) or "-",
                f"{one['worst_range']['share']:.1%} in {one['worst_range']['tensor']}",
                f"{one['host_ms']:.0f}",
            )
        )
    head = ("network", "MACs", "rewritten", "operators (by .pt2)", "TRANSPOSE", "max abs to torch")
    head += ("GPU-resident", "the older delegate leaves", "of float16's range", "ms, 1 thread")
    names = ", ".join(result["networks"])
    return f"""# Networks that others trained, converted

Written by `{result["command"]}` ({result["hardware"]}; {result["size"]} px, judged on
{result["pictures"]} photos): exported by torch as ONNX and as a torch.export archive, then
converted as `pocketstyle convert` does it ([converters.md](converters.md)), in float32.

{table(head, lines)}

![The bundles' pictures](others.jpg)

From the top: photo, {names}. MicroAST's style is Hokusai's wave. Photos: Face Research Lab London
Set and its kin (DeBruine & Jones, CC BY 4.0).
"""


if __name__ == "__main__":
    main()
