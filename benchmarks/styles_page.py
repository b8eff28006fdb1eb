"""Write docs/styles.md's table and the cards of the one-style networks from what was measured.

    python benchmarks/styles_page.py --shared DIR

Also draws docs/styles.jpg: photos, and what each shipped student makes of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pages import put_numbers, table
from PIL import Image
from pocketstyle.sdk import Stylizer, read_info, resolve
from ship_styles import shown
from styles import NAMES

ROOT = Path(__file__).parents[1]
PUBLISHED_BYTES = 3_500_000  # of litert-community's Fast-Neural-Style-LiteRT, each
SHOWN = [0, 1, 3, 5, 6]  # of `ship_styles.shown`, in the overview
ABOUT = {
    "candy": "Hot yellow and red blobs with dark outlines.",
    "mosaic": "Panes of pale glass between dark lines.",
    "pointilism": "Round dabs of colour.",
    "rain_princess": "Short strokes of orange and blue light, after Leonid Afremov.",
    "udnie": "Grey and brown planes, after Francis Picabia.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    arguments = parser.parse_args()
    measured = json.loads((ROOT / "benchmarks/results/styles.json").read_text())
    names = [name for name in NAMES if name in measured["networks"]]
    put_numbers(ROOT / "docs/styles.md", "styles_page.py", numbers(measured, names))
    for name in names:
        page = card(name, measured["networks"][name], measured)
        (ROOT / f"docs/models/{name}.md").write_text(page)
    draw_overview(shown(arguments.shared)[SHOWN], names, ROOT / "docs/styles.jpg")


def draw_overview(photos: np.ndarray, names: Sequence[str], target: Path) -> None:
    """Photos in the first row, each style's pictures of them below."""
    rows = [photos]
    for name in names:
        with Stylizer.load(name) as stylizer:
            rows.append(np.stack([stylizer.stylize(photo) for photo in photos]))
    drawn = np.concatenate([np.concatenate(list(row), 1) for row in rows])
    Image.fromarray(drawn).save(target, quality=88, optimize=True)


def milliseconds(one: dict) -> str:
    """Predicted, with the 90 % interval."""
    return f"{one['ms']:.1f} ({one['low_ms']:.1f} to {one['high_ms']:.1f})"


def mean(one: dict, digits: int = 3) -> str:
    return f"{one['mean']:.{digits}f}"


def numbers(measured: dict, names: list[str]) -> str:
    """Three tables: cost, likeness, files."""
    cost, likeness, files = [], [], []
    for name in names:
        one = measured["networks"][name]
        teacher, student = one["teacher"], one["student"]
        s10 = student["predicted_ms"]["s10"]
        cost.append(
            (
                f"`{name}`",
                f"{teacher['macs'] / 1e9:.2f} G → {student['macs'] / 1e6:.0f} M "
                f"({teacher['macs'] / student['macs']:.1f}x)",
                f"{teacher['predicted_ms']['s10']['256x256']['ms']:.0f}",
                milliseconds(s10["256x256"]),
                milliseconds(s10["480x640"]),
                f"{one['xnnpack']['teacher_ms']:.0f} → {one['xnnpack']['student_ms']:.0f} "
                f"({one['xnnpack']['ratio']:.0f}x)",
            )
        )
        like, steady = one["likeness"], one["steadiness"]
        likeness.append(
            (
                f"`{name}`",
                f"{mean(like['ssim'])} ({mean(like['ssim_of_photo'])})",
                mean(like["psnr"], 1),
                f"{like['fid_share']:.3f}",
                f"{like['gram_share']:.3f}",
                " / ".join(f"{clip['share']:.2f}" for clip in steady.values()),
            )
        )
        signatures = one["bundle"]["signatures"].values()
        resident = {s["gpu_resident"] for s in signatures}
        files.append(
            (
                f"`{name}`",
                f"{one['bundle']['bytes'] / 1000:.0f} kB",
                f"{max(s['parity_max_abs'] for s in signatures):.1e}",
                str(max(s["transposes"] for s in signatures)),
                {True: "all", False: "no", None: "not checked"}[min(resident, key=str)],
                f"{max(s['share_of_float16'] for s in signatures):.3f}",
            )
        )
    return "\n\n".join(
        (
            table(
                (
                    "style",
                    "MACs at 256x256",
                    "S10, teacher, 256x256",
                    "S10, student, 256x256",
                    "S10, student, 480x640",
                    "one CPU thread",
                ),
                cost,
            ),
            "Milliseconds of a picture. Those of the Galaxy S10's GPU are **predicted**, with 90 % "
            f"intervals; those of one thread (XNNPACK, {measured['hardware']}) are measured, "
            "teacher and student exported alike, in one run.",
            table(
                (
                    "style",
                    "SSIM (of the photo)",
                    "PSNR, dB",
                    "FID-768, share",
                    "Gram, share",
                    "flicker, share",
                ),
                likeness,
            ),
            f"Student to teacher, on {measured['n']} crops of photos that no training saw. FID-768 "
            "and Gram distance are shares of the untouched photos' distances to the teacher's "
            "pictures; flicker is the warping error on two clips, as a share of the teacher's.",
            table(
                (
                    "style",
                    "file, three frames",
                    "difference from torch",
                    "TRANSPOSE",
                    "on the GPU delegate",
                    "share of float16's range",
                ),
                files,
            ),
        )
    )


def card(name: str, one: dict, measured: dict) -> str:
    """The model card."""
    info, like = read_info(resolve(name)), one["likeness"]
    phones = sorted(one["student"]["predicted_ms"])
    rows = [
        (phone, *(milliseconds(frames[f]) for f in ("256x256", "480x640")))
        for phone, frames in ((p, one["student"]["predicted_ms"][p]) for p in phones)
    ]
    shown = "\n".join(f"  - {line}" for line in info.attribution)
    return f"""# Model card: {name}

Written by `benchmarks/styles_page.py`. {ABOUT[name]}

![Photos, the teacher's pictures, the student's]({name}.jpg)

From above: photos that no training saw, the published network (10.08 GMACs), the shipped student.

- **Files.** `sdk/models/{name}.tflite` ({one["bundle"]["bytes"] / 1000:.0f} kB, fp16 weights;
  frames 256x256, 480x640 and 640x480 that share them) and `search/models/{name}.safetensors`.
- **Use.** `pocketstyle stylize photo.jpg -m {name} -o out.jpg`. The whole picture is shown, at its
  own shape.
- **Teacher.** `{name}` of PyTorch's examples (Johnson et al. 2016 with instance norm).
- **Data.** 616 crops of photos and 90 pictures by a program (`benchmarks/style_photos.py`).
- **Training.** `benchmarks/teach_styles.py`: L1, structure, a VGG-19's maps and their Gram
  matrices, steadiness. Widths were set by hand to fit 500 kB, not searched.
  The weights come from a prototype of the two scripts: the same terms, sources and optimiser,
  another draw of the crops.
- **Quality.** On {measured["n"]} crops that no training saw: SSIM to the teacher
  {mean(like["ssim"])} (95 % interval {like["ssim"]["low"]:.3f} to {like["ssim"]["high"]:.3f}), of
  the untouched photo {mean(like["ssim_of_photo"])}; FID-768 {like["fid_share"]:.3f} and Gram
  distance {like["gram_share"]:.3f} of the untouched photos'.
- **Cost.** {one["teacher"]["macs"] / one["student"]["macs"]:.1f} times fewer multiply-accumulates
  than the teacher. Milliseconds on phones' GPUs, **predicted**, with 90 % intervals:

{table(("phone", "256x256", "480x640"), rows)}

- **Limits.** Where the teacher invents texture on flat regions, the student's lies elsewhere and is
  weaker. Single objects that the teacher sometimes paints from nothing do not appear.
- **Licence.** {info.licence}. Show with the weights:
{shown}
"""


if __name__ == "__main__":
    main()
