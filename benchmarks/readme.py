"""Write the README's table of styles; with a finished demo also docs/demo.md's numbers and picture.

pocketstyle demo --out runs/demo
python benchmarks/readme.py --demo runs/demo
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

import numpy as np
import torch
from pages import put_numbers, sheet, table
from PIL import Image
from pocketstyle.datasets import heads, to_pictures, to_tensor
from pocketstyle.frames import frame_text
from pocketstyle.networks import load
from pocketstyle.sdk import read_info, resolve
from pocketstyle.search import resolve_model

ROOT = Path(__file__).parents[1]
SHIPPED = (  # names, and what they do
    (("comic", "ink"), "draw people and scenes; what is drawn stays where it is"),
    (("candy", "mosaic", "pointilism", "rain_princess", "udnie"), "paint in one style each"),
    (("photonas",), "gives a photo the mood of another"),
    (("artnet",), "paints in the manner of any picture"),
)
SHOWN = range(100, 106)  # unseen heads of another set than the demo measures on


def numbers(result: dict) -> str:
    """A paragraph and a table, from the JSON that `pocketstyle demo --json` prints."""
    untouched, teacher, student = result["identity"], result["teacher"], result["student"]
    device, bundle = result["device"], result["bundle"]
    gain, l1_gain = (
        (student[key] - untouched[key]) / (teacher[key] - untouched[key])
        for key in ("ssim_to_truth", "l1_to_truth")
    )
    resident = {True: "yes", False: "no", None: "not checked"}[bundle["gpu_resident"]]
    rows = [
        ("MACs", "", f"{teacher['macs'] / 1e6:.0f} M", f"{student['macs'] / 1e6:.0f} M"),
        ("parameters", "", f"{teacher['params'] / 1e3:.0f} k", f"{student['params'] / 1e3:.0f} k"),
        *(
            (
                f"predicted on {name}",
                "",
                f"{teacher['predicted_ms'][name]:.1f} ms",
                f"{student['predicted_ms'][name]:.1f} ms",
            )
            for name in sorted(teacher["predicted_ms"], key=lambda name: name != device)
        ),
        *(
            (label, *(f"{part[key]:.3f}" for part in (untouched, teacher, student)))
            for label, key in (("SSIM to the truth", "ssim_to_truth"), ("L1", "l1_to_truth"))
        ),
    ]
    head = ("", "untouched input", "teacher", "student")
    seconds = sum(result["seconds"].values())
    return (
        f"{table(head, rows)}\n\n"
        f"Target {result['target_ms']:g} ms on {device}; the student keeps {gain:.2%} of the "
        f"teacher's gain in SSIM over the untouched input and {l1_gain:.2%} of that in L1 "
        f"(N = {result['unseen_heads']} unseen "
        f"heads). Bundle: {bundle['bytes'] / 1e3:.0f} kB, differs from torch by at most "
        f"{bundle['parity_max_abs']:.1e} (fp16 weights) and {bundle['parity_max_abs_fp32']:.1e} "
        f"(fp32) of [-1, 1], {bundle['transposes']} transposes, GPU-resident: {resident}. "
        f"{result['host_ms']:.1f} ms a picture and {result['video_fps']:.0f} frames a second of "
        f"video on this computer's CPU. The whole demo took {seconds / 60:.1f} minutes "
        f"({result['host']})."
    )


@torch.no_grad()
def picture(demo: Path) -> Image.Image:
    """Input, teacher, student and truth of a few unseen heads, in rows."""
    pairs = [heads.pair(2, index, 128) for index in SHOWN]
    photos, truth = (np.stack(part) for part in zip(*pairs, strict=True))
    teacher, _ = load(resolve_model("heads-teacher"))
    student, _ = load(demo / "search" / "model.safetensors")
    x = to_tensor(photos)
    made = {"teacher": to_pictures(teacher(x)), "student": to_pictures(student(x))}
    return sheet({"input": photos, **made, "truth": truth})


def styles() -> str:
    """The shipped networks: what they do, their size, and milliseconds on a Galaxy S10."""
    rows = []
    for names, about in SHIPPED:
        infos = [read_info(resolve(name)) for name in names]
        sizes = [resolve(name).stat().st_size / 1000 for name in names]
        frames = ", ".join(frame_text(one.frame) for one in infos[0].stylizers)
        ms = [info.predicted_ms["s10"] for info in infos]
        rows.append(
            (
                ", ".join(f"`{name}`" for name in names),
                about,
                frames,
                f"{max(sizes):.0f} kB",
                f"{max(ms):.0f} ms",
            )
        )
    return table(("styles", "what they do", "frames", "each", "S10's GPU, predicted"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path)
    demo = parser.parse_args().demo
    put_numbers(ROOT / "README.md", "readme.py styles", styles())
    if demo is None:
        return
    result = json.loads((demo / "result.json").read_text())
    for key in ("report", "path"):
        result.pop(key, None)
    result["bundle"]["path"] = Path(result["bundle"]["path"]).name
    result["host"] = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    (ROOT / "benchmarks/results/demo.json").write_text(json.dumps(result, indent=1) + "\n")
    put_numbers(ROOT / "docs/demo.md", "readme.py", numbers(result))
    picture(demo).save(ROOT / "docs/heads.png", optimize=True)


if __name__ == "__main__":
    main()
