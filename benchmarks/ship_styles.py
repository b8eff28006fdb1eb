"""Put a taught one-style student where the package ships it: model, bundle, sheet.

    python benchmarks/ship_styles.py candy --run runs/styles/candy-small --shared DIR

Writes search/models/NAME.safetensors and sdk/models/NAME.tflite (fp16; signatures for 256x256,
480x640 and 640x480 that share their weights), verifies the bundle, and draws docs/models/NAME.jpg:
photo, teacher, student. `benchmarks/styles.py` measures, `benchmarks/styles_page.py` writes the
card.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from pages import PICTURES
from PIL import Image
from pocketstyle.converters import convert, verify
from pocketstyle.images import centre_square, list_pictures, read_rgb, resize
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.networks import ModelCard, load, read_published, save
from pocketstyle.sdk import Stylizer, read_frames
from pocketstyle.search.shipped import MODELS
from skimage import data
from styles import NAMES, stylized

ROOT = Path(__file__).parents[1]
FURTHER = ((480, 640), (640, 480))
SIDE = 256
PEOPLE = (0, 32, 64, 96)  # of faker's pictures: every fourth was kept out of training
LICENCE = "Apache-2.0 AND BSD-3-Clause"
ATTRIBUTION = (
    "Distilled from PyTorch's examples/fast_neural_style (BSD-3-Clause, the PyTorch authors), "
    "as the ONNX model zoo publishes its networks",
    *PICTURES,
    "Lomiri's wallpapers by Aitzol Berasategi, freespace, Abhishek Mudgal and Jakkub Mede, "
    "CC BY 4.0",
)


def shown(shared: Path) -> np.ndarray:
    """uint8[8, 256, 256, 3]: pictures that may be shown, none of which a training saw."""
    people = list_pictures(shared / "data/portraits/faker")
    pictures = [read_rgb(people[i]) for i in PEOPLE]
    pictures += [data.astronaut(), data.chelsea(), data.coffee()]
    pictures.append(next(read_frames(shared / "data/video/walk.mkv")))
    return np.stack([resize(centre_square(picture), SIDE, SIDE) for picture in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    arguments = parser.parse_args()
    name = arguments.name
    student, _ = load(arguments.run / "model.safetensors")
    teacher = read_published(arguments.shared / f"weights/fast_neural_style/{name}.npz")
    steps = json.loads((arguments.run / "metrics.jsonl").read_text().splitlines()[-1])["step"]
    card = ModelCard(
        name,
        provenance={
            "teacher": f"fast_neural_style/{name}",
            "teacher_macs": total_macs(teacher.kernels()),
            "macs": total_macs(student.kernels()),
            "last_steps": steps,
            "rebuild": "benchmarks/teach_styles.py",
        },
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )
    predicted = predict_all(student.kernels())
    card = replace(card, provenance=card.provenance | {"predicted_ms": predicted})
    save(MODELS / f"{name}.safetensors", student, card, half=True)
    student, card = load(MODELS / f"{name}.safetensors")  # with the weights as they are stored
    path = ROOT / f"sdk/models/{name}.tflite"
    further = {frame: predict_all(student.kernels(*frame)) for frame in FURTHER}
    convert(student, card, {"fp16": path}, sizes=further, predicted_ms=predicted, force=True)
    photos = shown(arguments.shared)
    found = verify(path, (student, card), photos[:2])
    if found.problems:
        raise SystemExit(f"{path} fails: {'; '.join(found.problems)}")
    with Stylizer.load(name) as stylizer:
        made = np.stack([stylizer.stylize(photo) for photo in photos])
    rows = [np.concatenate(list(row), 1) for row in (photos, stylized(teacher, photos), made)]
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.save(ROOT / f"docs/models/{name}.jpg", quality=90, optimize=True)
    print(json.dumps({"bytes": path.stat().st_size, "parity": found.max_abs, "macs": found.macs}))


if __name__ == "__main__":
    main()
