"""Measure a searched student on people it has never seen and put it where the package ships it.

    python benchmarks/avatars/ship.py --run runs/avatars-search --teacher runs/avatars-256-more \
        --pairs runs/avatars --style toonhead --inception NPZ

Writes sdk/models/STYLE.tflite (fp16), search/models/STYLE.safetensors (the same weights),
docs/models/STYLE.png (people of the held-out set: input, teacher, student, what DiceBear draws of
them), benchmarks/results/STYLE.json and the model card docs/models/STYLE.md. Quality is SSIM and L1
to the drawn avatar, and FID and KID of 768 channels to the avatars drawn for training, on the
held-out pictures as they are and before other walls.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from pairs import COPIES, subject_of
from pocketstyle.converters import convert, verify
from pocketstyle.datasets import PictureSet, read_folder
from pocketstyle.latency_model import predict_all, total_macs
from pocketstyle.metrics import load_inception
from pocketstyle.networks import load, save
from pocketstyle.search import distances, quality_to_truth, translate
from pocketstyle.search.shipped import MODELS

sys.path.append(str(Path(__file__).parents[1]))
from card import AUTHORS, attribution, page
from hardware import hardware
from pages import halved, sheet

ROOT = Path(__file__).parents[2]
PARTS = {"held_out": "held-out", "held_out_elsewhere": "held-out-elsewhere"}
SHOWN = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("run", "teacher", "pairs", "inception"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--style", choices=sorted(AUTHORS), required=True)
    arguments = parser.parse_args()
    student, card = load(arguments.run / "model.safetensors")
    teacher, learnt = load(arguments.teacher / "model.safetensors")
    networks = {"student": student.eval(), "teacher": teacher.eval(), "untouched": None}
    size = student.spec.size

    def pictures(part: str, kind: str) -> PictureSet:
        return read_folder(arguments.pairs / part / kind, size)

    drawn = pictures("train", "cartoon").pictures[:: 1 + COPIES["train"]]  # each avatar once
    inception = load_inception(arguments.inception)
    people = {subject_of(Path(name).stem) for name in pictures("held-out", "photo").names}
    result = {"style": arguments.style, "size": size, "people": len(people)}
    for key, part in PARTS.items():
        photos, avatars = pictures(part, "photo"), pictures(part, "cartoon")
        result[key] = {n: quality_to_truth(one, photos, avatars) for n, one in networks.items()}
        made = {
            name: photos.pictures if one is None else translate(one, photos.pictures)
            for name, one in networks.items()
        }
        found = distances(inception, drawn, made)
        for name in networks:
            result[key][name] |= found[name]
        result[key]["n"] = found["n"]
        some = slice(0, len(photos), len(photos) // SHOWN)
        rows = {
            "photo": photos.pictures,
            "teacher": made["teacher"],
            "student": made["student"],
            "drawn": avatars.pictures,
        }
        shown = sheet({kind: row[some][:SHOWN] for kind, row in rows.items()})
        name = arguments.style if key == "held_out" else f"{arguments.style}-elsewhere"
        halved(shown).save(ROOT / f"docs/models/{name}.png", optimize=True)
    for name in ("student", "teacher"):
        kernels = list(networks[name].kernels())
        result[name] = {
            "macs": total_macs(kernels),
            "params": sum(p.numel() for p in networks[name].parameters()),
            "predicted_ms": predict_all(kernels),
        }
    card = replace(
        card,
        name=arguments.style,
        metrics=result["held_out"]["student"] | {"n": result["held_out"]["n"]["source"]},
        provenance=card.provenance
        | {"teacher": learnt.provenance, "rebuild": "benchmarks/avatars/README.md"},
        licence="Apache-2.0",
        attribution=attribution(arguments.style),
    )
    path = ROOT / f"sdk/models/{arguments.style}.tflite"
    predicted = result["student"]["predicted_ms"]
    student = student.cpu()
    save(MODELS / f"{arguments.style}.safetensors", student, card, half=True)
    convert(student, card, {"fp16": path}, predicted_ms=predicted, force=True)
    check = verify(path, (student, card), pictures("held-out", "photo").pictures[:8])
    if check.problems:
        raise SystemExit(f"{path} fails: {'; '.join(check.problems)}")
    result["bundle"] = {
        "bytes": path.stat().st_size,
        "parity_max_abs": check.max_abs,
        "gpu_resident": check.gpu_resident,
        "gpu_note": check.gpu_note,
        "pictures": check.pictures,
        "host_ms": check.host_ms,
    }
    result |= {"hardware": hardware(), "command": " ".join(("python", *sys.argv))}
    text = json.dumps(result, indent=1)
    (ROOT / f"benchmarks/results/{arguments.style}.json").write_text(text + "\n")
    (ROOT / f"docs/models/{arguments.style}.md").write_text(page(arguments.style, result))
    print(text)


if __name__ == "__main__":
    main()
