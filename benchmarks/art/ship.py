"""Prune a trained ArtNet, convert it and put it where the package ships it.

    python benchmarks/art/ship.py --run runs/art/vgg-swap --pictures runs/photo/pictures

Writes sdk/models/artnet.tflite (512 px) and artnet-256.tflite (256 px; fp16 both), the same weights
as search/models/artnet.safetensors, docs/models/artnet.jpg (contents, styles, what the bundle
makes of them) and the model card docs/models/artnet.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.converters import Verification, convert, verify
from pocketstyle.datasets import read_folder, to_pictures
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.networks import at_frame, load, save
from pocketstyle.sdk import Stylizer
from pocketstyle.search.shipped import MODELS
from pocketstyle.search.zero_channel import Pruned, prune
from squares import sample_squares

sys.path.append(str(Path(__file__).parents[1]))
from pages import DEVICES, PICTURES, halved, table

ROOT = Path(__file__).parents[2]
SIZES = {"artnet": 512, "artnet-256": 256}
LOSE_DB, PRUNED_SIDE, COUNT = 0.5, 128, 112
ATTRIBUTION = (
    "Trunk: VGG-19, 16 times smaller, of Collaborative Distillation (Wang et al. 2020), MIT",
    *PICTURES,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    arguments = parser.parse_args()
    trained, card = load(arguments.run / "model.safetensors")
    pictures = read_folder(arguments.pictures, PRUNED_SIDE).pictures
    chosen = np.random.default_rng(0).permutation(len(pictures))[:COUNT]
    done = prune(trained, pictures[chosen], LOSE_DB, lambda *_: None)
    said = {"lose_db": LOSE_DB, "pictures": done.learned}
    card = replace(
        card,
        provenance=card.provenance | {"pruned": said, "rebuild": "benchmarks/art/README.md"},
        licence="Apache-2.0 AND MIT",
        attribution=ATTRIBUTION,
    )
    rows, checks = {}, {}
    for name, size in SIZES.items():
        network = at_frame(done.network, (size, size))
        path, named = ROOT / f"sdk/models/{name}.tflite", replace(card, name=name)
        predicted = predict_all(network.kernels())
        convert(network, named, {"fp16": path}, predicted_ms=predicted, force=True)
        content, style = ((to_pictures(x)[0]) for x in sample_squares(size)[0])
        checks[name] = verify(path, (network, named), np.stack((style, content)))
        if checks[name].problems:
            raise SystemExit(f"{path} fails: {'; '.join(checks[name].problems)}")
        rows[name] = (f"{size} x {size}", f"{total_macs(network.kernels()) / 1e9:.1f}")
        rows[name] += tuple(f"{predicted[device]:.0f}" for device in DEVICES)
        if name == "artnet":
            save(MODELS / "artnet.safetensors", network, named, half=True)
    save_sheet()
    page = card_page(done, checks, rows)
    (ROOT / "docs/models/artnet.md").write_text(page)


def save_sheet() -> None:
    rows = []
    with Stylizer.load("artnet") as stylizer:
        for content, style in sample_squares(stylizer.size):
            content, style = (to_pictures(x)[0] for x in (content, style))
            stylizer.set_style(style)
            half = stylizer.apply(content)
            stylizer.set_style(style, alpha=0.6)
            rows.append(np.concatenate((content, style, half, stylizer.apply(content)), 1))
    sheet = halved(Image.fromarray(np.concatenate(rows)))
    sheet.save(ROOT / "docs/models/artnet.jpg", quality=88, optimize=True)


def card_page(done: Pruned, checks: dict[str, Verification], rows: dict[str, tuple]) -> str:
    shown = "\n".join(f"  - {line}" for line in ATTRIBUTION)
    files = "\n".join(
        f"  - `sdk/models/{name}.tflite`: {one.bytes / 1e6:.2f} MB, {one.ops} operators, "
        f"{one.transposes} TRANSPOSE, {one.gpu_note};\n    differs from torch by "
        f"{one.parity.mean_abs:.4f} on average, of a range of 2, by {one.max_abs:.2f} at most, "
        f"where it took another patch ({one.pictures} pictures)"
        for name, one in checks.items()
    )
    head = ("size", "G multiply-accumulates", *DEVICES.values())
    return f"""# Model card: artnet

Written by `benchmarks/art/ship.py`. Any picture in the manner of any other: style transfer by
ArtNet's sandwich swap.

![Contents, styles, what the bundle makes of them at alpha 1 and 0.6](artnet.jpg)

From the left: content, style, result at alpha 1 and at 0.6 (`pocketstyle stylize content.jpg -m
artnet --style style.jpg -o out.jpg`). The styles are painted by a program
(`benchmarks/art/painted_styles.py`), with other numbers drawn than those that the network was
trained with.

- **Files.**
{files}
  - `search/models/artnet.safetensors`: the same weights, for pictures of any size with torch
- **Network.** The first layers of a VGG-19 of a sixteenth of its weights, up to relu4_1; features
  of all its blocks changed together by AdaIN, a swap of 3x3 patches, AdaIN; the trunk inverted.
  {done.params_before} parameters; {done.silent} of {done.channels} channels were zero on every
  picture, {done.gone} are gone, {done.params_after} parameters are left
  (of {done.held_out} pictures by which their number was chosen: {done.psnr_before:.2f} dB before,
  {done.psnr_after:.2f} dB after; in AdaIN's manner {done.styled_psnr:.1f} dB to the whole network.
  Where S² then takes other patches, pictures differ more: docs/art.md has edges and styles of
  both).
- **Data.** Contents: 320 tiles (`benchmarks/photo/pictures.py`). Styles: 320 pictures painted by a
  program from them (`benchmarks/art/painted_styles.py`); no artist's work.
- **Rebuild.** `benchmarks/art/README.md`; settings and versions are in the files' headers.
- **Quality.** docs/art.md.
- **Cost.** Milliseconds on phones' GPUs as the speed model predicts them, far outside of what it
  was fitted to (`docs/speed_model.md`):

{table(head, list(rows.values()))}

- **Limits.** Patches come from where features are alike, not from where meaning is: eyes are drawn
  as any other edge. Even regions take the style's texture, which a mask keeps off. Videos flicker
  where a patch's nearest neighbour changes from frame to frame (docs/art.md).
- **Licence.** Weights Apache-2.0, the trunk's MIT. Show with them:
{shown}
"""


if __name__ == "__main__":
    main()
