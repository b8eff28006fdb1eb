"""Put a taught student where the package ships it: model, bundle, sheet.

Writes search/models/NAME.safetensors and sdk/models/NAME.tflite (fp16; signatures for 256x256,
480x640 and 640x480 that share their weights), verifies the bundle, and draws docs/models/NAME.jpg:
photo, teacher, student.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from pocketstyle.converters import convert, verify
from pocketstyle.latency_model import predict_all
from pocketstyle.networks import ModelCard, load, save
from pocketstyle.sdk import Stylizer
from pocketstyle.search.shipped import MODELS
from torch import nn

ROOT = Path(__file__).parents[1]
FURTHER = ((480, 640), (640, 480))
SIDE = 256


def ship(student: nn.Module, card: ModelCard, photos: np.ndarray, drawn: np.ndarray) -> None:
    """Write and verify what is shipped under the card's name.

    Args:
        photos: uint8[N, 256, 256, 3], of the sheet.
        drawn: what the teacher made of them.

    Raises:
        SystemExit: the bundle is not what the model computes, or not the GPU's.
    """
    name, predicted = card.name, predict_all(student.kernels())
    card = replace(card, provenance=card.provenance | {"predicted_ms": predicted})
    save(MODELS / f"{name}.safetensors", student, card, half=True)
    student, card = load(MODELS / f"{name}.safetensors")  # with the weights as they are stored
    path = ROOT / f"sdk/models/{name}.tflite"
    further = {frame: predict_all(student.kernels(*frame)) for frame in FURTHER}
    convert(student, card, {"fp16": path}, sizes=further, predicted_ms=predicted, force=True)
    found = verify(path, (student, card), photos[:2])
    if found.problems:
        raise SystemExit(f"{path} fails: {'; '.join(found.problems)}")
    with Stylizer.load(name) as stylizer:
        made = np.stack([stylizer.stylize(photo) for photo in photos])
    rows = [np.concatenate(list(row), 1) for row in (photos, drawn, made)]
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.save(ROOT / f"docs/models/{name}.jpg", quality=90, optimize=True)
    print(json.dumps({"bytes": path.stat().st_size, "parity": found.max_abs, "macs": found.macs}))
