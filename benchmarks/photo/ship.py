"""Convert a trained PhotoNAS and put it where the package ships it.

    python benchmarks/photo/ship.py --run runs/photo/photonas --pairs DIR

Writes sdk/models/photonas.tflite (fp16), search/models/photonas.safetensors (the same weights),
docs/models/photonas.jpg (contents, styles, what the bundle makes of them) and the model card
docs/models/photonas.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.converters import convert, verify
from pocketstyle.datasets import read_pairs
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.networks import at_frame, load, save
from pocketstyle.sdk import Stylizer
from pocketstyle.search.shipped import MODELS
from samples import sample_pairs

sys.path.append(str(Path(__file__).parents[1]))
from pages import DEVICES, PICTURES, table

ROOT = Path(__file__).parents[2]
NAME, SIZE = "photonas", 512
HEIGHT, WIDTH = 384, 576  # of the sheet's pictures
JUDGED = 4  # contents that parity is of, in the manner of one style
ATTRIBUTION = (
    "Encoder: VGG-19, 16 times smaller, of Collaborative Distillation (Wang et al. 2020), MIT",
    *PICTURES,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    arguments = parser.parse_args()
    trained, card = load(arguments.run / "model.safetensors")
    network = at_frame(trained, (SIZE, SIZE))
    card = replace(
        card,
        name=NAME,
        provenance=card.provenance | {"rebuild": "benchmarks/photo/README.md"},
        licence="Apache-2.0 AND MIT",
        attribution=ATTRIBUTION,
    )
    path = ROOT / f"sdk/models/{NAME}.tflite"
    kernels = list(network.kernels())
    predicted = predict_all(kernels)
    save(MODELS / f"{NAME}.safetensors", network, card, half=True)
    convert(network, card, {"fp16": path}, predicted_ms=predicted, force=True)
    contents, styles, _ = read_pairs(arguments.pairs, SIZE, SIZE, JUDGED)
    check = verify(path, (network, card), np.concatenate((styles[:1], contents)))
    if check.problems:
        raise SystemExit(f"{path} fails: {'; '.join(check.problems)}")
    rows = []
    with Stylizer.load(path) as stylizer:
        for content, style in sample_pairs(HEIGHT, WIDTH):
            stylizer.set_style(style)
            rows.append(np.concatenate((content, style, stylizer.stylize(content, "detail")), 1))
    sheet = Image.fromarray(np.concatenate(rows))
    sheet = sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)
    sheet.save(ROOT / f"docs/models/{NAME}.jpg", quality=90, optimize=True)
    page = card_page(network, path, check, predicted, total_macs(kernels))
    (ROOT / f"docs/models/{NAME}.md").write_text(page)


def card_page(network, path: Path, check, predicted: dict[str, float], macs: float) -> str:
    operators = "\n".join(f"  - {line}" for line in network.genotype.describe().splitlines())
    shown = "\n".join(f"  - {line}" for line in ATTRIBUTION)
    times = table(tuple(DEVICES.values()), [tuple(f"{predicted[name]:.0f}" for name in DEVICES)])
    params = sum(p.numel() for p in network.parameters())
    return f"""# Model card: {NAME}

Written by `benchmarks/photo/ship.py`. A photo in the mood of another one, {SIZE} x {SIZE} pixels;
the SDK lays the change over photos of any size.

![Contents, styles, and what the bundle makes of them]({NAME}.jpg)

From the left: content, style, result (`pocketstyle stylize content.jpg -m {NAME} --style style.jpg
-o out.jpg`). The decoder has learnt to give these photos back, among others; nothing is trained on
styles. Photos that are alike, say two landscapes, do better than these.

- **Files.** `sdk/models/{NAME}.tflite` ({path.stat().st_size / 1e6:.2f} MB, fp16 weights,
  {check.gpu_note}; {check.ops} operators, {check.transposes} TRANSPOSE; its pictures of
  {check.pictures} photos differ from torch's by {check.max_abs:.4f} at most, of a range of 2) and
  `search/models/{NAME}.safetensors`, which takes pictures of any size.
- **Network.** PhotoNAS, the published genotype, on a VGG-19 of a sixteenth of its weights;
  whitening and colouring by Newton-Schulz iteration. Of PhotoNet's 31 operators it has:
{operators}
- **Data.** 320 tiles: portraits, frames of videos, the sample photos of scikit-image and
  scikit-learn (`benchmarks/photo/pictures.py`). The decoder learnt to give pictures back; styles
  are no part of the training.
- **Rebuild.** `benchmarks/photo/README.md`; settings and versions are in the files' headers.
- **Quality.** docs/photo.md.
- **Cost.** {macs / 1e9:.1f} G multiply-accumulates, {params / 1e6:.2f} M parameters. Milliseconds
  on phones' GPUs as the speed model predicts them, far outside of what it was fitted to
  (`docs/speed_model.md`):

{times}

- **Limits.** A style's colours go where the content has structure alike, not where their meaning
  is alike: a bright sky may get what was snow. Strong styles on flat regions show blotches; what is
  softer than the content comes from the decoder, which the SDK's "detail" fit hides by keeping the
  content's own detail. On videos its statistics follow each frame, so that slow changes of light
  follow the style, too. A photo in its own manner is not quite itself: colours come out a little
  paler, which is the auto-encoder's.
- **Licence.** Weights Apache-2.0, the encoder's MIT. Show with them:
{shown}
"""


if __name__ == "__main__":
    main()
