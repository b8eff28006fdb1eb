"""Write the table of docs/comic.md and the cards of the drawings from what was measured.

    python benchmarks/comic_page.py --shared DIR

Also draws docs/comic.jpg: photos, and what each shipped student makes of them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from comic import LIGHT, MEDIUM
from pages import put_numbers, table
from pocketstyle.images import resize
from pocketstyle.sdk import read_info, resolve
from ship_comic import shown
from styles_page import draw_overview, mean, milliseconds

ROOT = Path(__file__).parents[1]
NAMES = ("comic", "ink")
SHOWN, SIDE = [0, 1, 2, 5, 7], 256  # of `ship_comic.shown`, in the overview
ABOUT = {
    "comic": "Flat regions of few tones, warm colours, lines in a dark tint of each colour.",
    "ink": "Black lines, spotted blacks, one grey.",
}
LIMITS = {
    "comic": "Steps between tones and lines are softer than the program's, fine patterns are\n"
    "  smoothed away, and strongly coloured light is neutralised in part only. Videos flicker\n"
    "  more than their input; `--steady` helps where the clip stands still.",
    "ink": "Lines are softer than the program's. Faces in dim light may lose features to black,\n"
    "  small faces theirs to white. Videos flicker: a tone near a threshold goes from white to\n"
    "  grey and back.",
}
RECIPES = {
    "comic": "9,500 steps of 4 crops with `train.structure_k2` 0.03 and without the layer at full\n"
    "  size, then 6,500 with that layer and the built-in settings but `train.l1` 2",
    "ink": "14,000 steps of 4 crops with `train.structure_k2` 0.03 and without the layer at full\n"
    "  size, otherwise the built-in settings",
}
KINDS = {
    "all": "all",
    "faker": "drawn by a program (`faker`)",
    "interfaces": "photographers' stock (`interfaces`)",
    "cc_by": "passport-like (`cc_by`)",
    "light": "light skin",
    "medium": "medium skin",
    "dark": "dark skin",
    "glasses": "glasses",
    "beard": "beards",
    "turned": "turned faces",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    arguments = parser.parse_args()
    measured = json.loads((ROOT / "benchmarks/results/comic.json").read_text())
    put_numbers(ROOT / "docs/comic.md", "comic_page.py", numbers(measured))
    for name in NAMES:
        page = card(name, measured["networks"][name], measured)
        (ROOT / f"docs/models/{name}.md").write_text(page)
    photos = np.stack([resize(one, SIDE, SIDE) for one in shown(arguments.shared)[SHOWN]])
    draw_overview(photos, NAMES, ROOT / "docs/comic.jpg")


def numbers(measured: dict) -> str:
    """Two tables: all people together, and what it costs."""
    quality, cost = [], []
    for name in NAMES:
        one = measured["networks"][name]
        every, speed = one["groups"]["all"], one["speed"]
        quality.append(
            (
                f"`{name}`",
                mean(every["ssim_photo"], 2),
                f"{every['share']:.2f} / {every['face_share']:.2f}",
                mean(every["f_score"], 2) if name == "ink" else "",
                f"{mean(every['likeness'])} ({100 * every['likeness']['found']:.0f} %)",
                mean(every["sharpness"], 2),
                " / ".join(f"{clip['share']:.2f}" for clip in one["steadiness"].values()),
            )
        )
        s10 = one["student"]["predicted_ms"]["s10"]
        cost.append(
            (
                f"`{name}`",
                f"{one['student']['macs'] / 1e6:.0f} M",
                milliseconds(s10["256x256"]),
                milliseconds(s10["480x640"]),
                f"{speed['program_s']:.1f} s / {1000 * speed['student_s']:.0f} ms "
                f"({speed['ratio']:.0f}x)",
                f"{one['bundle']['bytes'] / 1000:.0f} kB",
            )
        )
    every = measured["networks"][NAMES[0]]["groups"]["all"]
    return "\n\n".join(
        (
            table(
                (
                    "drawing",
                    "SSIM, photo to program",
                    "share of the gap closed, frames / faces",
                    "F-score of the blacks",
                    "mesh's distance (found)",
                    "sharpness",
                    "flicker, share, four clips",
                ),
                quality,
            ),
            f"{every['n']} pictures of people that no training saw, at 256 pixels. The share is "
            "(SSIM of the student to the program - SSIM of the photo to it) / (1 - the latter). "
            "The mesh's distance is the mean of 468 points, found in the photo and in the drawing, "
            "over the distance of the eyes. Sharpness is gradient energy, student over program. "
            "Flicker is the warping error, student over input.",
            table(
                (
                    "drawing",
                    "MACs at 256x256",
                    "S10, 256x256, ms",
                    "S10, 480x640, ms",
                    "program at 768 / student, one core",
                    "file, three frames",
                ),
                cost,
            ),
            "Milliseconds on the Galaxy S10's GPU are **predicted**, with 90 % intervals; those of "
            f"one core ({measured['hardware']}) are measured.",
        )
    )


def card(name: str, one: dict, measured: dict) -> str:
    """The model card."""
    info = read_info(resolve(name))
    rows = [
        (
            KINDS[kind],
            str(found["n"]),
            f"{found['share']:.2f}",
            f"{found['face_share']:.2f}" if "face_share" in found else "",
            f"{mean(found['likeness'])} ({100 * found['likeness']['found']:.0f} %)"
            if "likeness" in found
            else "",
        )
        for kind, found in one["groups"].items()
    ]
    s10 = one["student"]["predicted_ms"]["s10"]
    shown = "\n".join(f"  - {line}" for line in info.attribution)
    return f"""# Model card: {name}

Written by `benchmarks/comic_page.py`. {ABOUT[name]}

![Photos, the program's drawings, the student's]({name}.jpg)

From above: photos that no training saw, what the program draws in
{one["speed"]["program_s"]:.0f} s, the shipped student.

- **Files.** `sdk/models/{name}.tflite` ({one["bundle"]["bytes"] / 1000:.0f} kB, fp16 weights;
  frames 256x256, 480x640 and 640x480 that share them) and `search/models/{name}.safetensors`.
- **Use.** `pocketstyle stylize photo.jpg -m {name} -o out.jpg`. The whole picture is shown, at its
  own shape; people and scenes alike.
- **Teacher.** `pocketstyle draw {name}` ([teachers](../teachers.md)), no network.
- **Data.** Portraits of `faker` and `interfaces` (CC0) and of `cc_by` (CC BY 4.0), scenes, frames
  of clips. The people of `benchmarks/comic_held_out.txt` were kept out.
- **Training.** `pocketstyle train comic` with `network.base` 20: L1, structure and edges to the
  program's drawing; {RECIPES[name]}. Widths were set by hand, not searched.
- **Quality**, on people that no training saw, by group. Skin is grouped by its typology angle (ITA)
  above {LIGHT:.0f}°, above {MEDIUM:.0f}° and below; glasses, beards and turned faces by eye:

{table(("people", "pictures", "share of the gap", "of faces", "mesh's distance (found)"), rows)}

- **Cost.** {one["student"]["macs"] / 1e6:.0f} M multiply-accumulates at 256x256. On a Galaxy S10's
  GPU, **predicted** with 90 % intervals: {milliseconds(s10["256x256"])} ms at 256x256,
  {milliseconds(s10["480x640"])} ms at 480x640.
- **Limits.** {LIMITS[name]}
- **Licence.** {info.licence}. Show with the weights:
{shown}
"""


if __name__ == "__main__":
    main()
