"""The demo's bundles against torch on real photos.

    python benchmarks/parity.py --demo runs/demo --photos ../shared/data/portraits/cc_by

The photos are the public ones of docs/data.md; the limits are those of `pocketstyle verify`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pocketstyle.converters import verify
from pocketstyle.datasets import read_folder
from pocketstyle.networks import load

PHOTOS = 64
OUT = Path(__file__).parent / "results/parity.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    arguments = parser.parse_args()
    network, card = load(arguments.demo / "search/model.safetensors")
    photos = read_folder(arguments.photos, network.spec.size, at_least=PHOTOS).pictures[:PHOTOS]
    result = {}
    for precision in ("fp32", "fp16"):
        path = arguments.demo / f"heads-{precision}.tflite"
        result[precision] = json.loads(verify(path, (network, card), photos).to_json())
    text = json.dumps(result, indent=1)
    OUT.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
