"""The model card of a shipped style, from what ship.py measured."""

from __future__ import annotations

from typing import Any

from pages import table

AUTHORS = {"toonhead": "Johan Melin", "adventurer": "Lisa Wischofsky"}
DEVICES = {  # of the speed model: the phones that people carry, by name
    "s10": "Samsung Galaxy S10",
    "pixel4": "Google Pixel 4",
    "mi8se": "Xiaomi Mi 8 SE",
    "a03s": "Samsung Galaxy A03s",
    "iphonexs": "iPhone XS",
    "iphone7": "iPhone 7",
}


def attribution(style: str) -> tuple[str, ...]:
    """What has to be shown with the weights."""
    begun = ["toonhead"]  # the other style's teacher began with this one's weights
    learnt_from = begun if style in begun else [*begun, style]
    avatars = " and ".join(f'"{name}" by {AUTHORS[name]}' for name in learnt_from)
    return (
        f"Avatars {avatars}, CC BY 4.0, drawn with DiceBear",
        "Face Research Lab London Set and composites by DeBruine and Jones, CC BY 4.0",
    )


def quality(result: dict[str, Any]) -> str:
    """Untouched input, teacher and student, before both kinds of walls."""
    rows = []
    for key, wall in (("held_out", "studio"), ("held_out_elsewhere", "drawn")):
        for name in ("untouched", "teacher", "student"):
            one = result[key][name]
            rows.append(
                (
                    wall,
                    name,
                    f"{one['ssim_to_truth']:.3f}",
                    f"{one['l1_to_truth']:.3f}",
                    f"{one['fid_768']:.3f}",
                    f"{one['kid_768_x100']:.3f} ± {one['kid_768_x100_deviation']:.3f}",
                )
            )
    return table(("wall", "pictures", "SSIM", "L1", "FID-768", "KID × 100"), rows)


def cost(result: dict[str, Any]) -> str:
    def row(name: str) -> tuple[str, ...]:
        one = result[name]
        times = (f"{one['predicted_ms'][device]:.1f}" for device in DEVICES)
        return name, f"{one['macs'] / 1e6:.0f}", f"{one['params'] / 1e6:.2f}", *times

    return table(("", "MMACs", "M parameters", *DEVICES.values()), [row("teacher"), row("student")])


def page(style: str, result: dict[str, Any]) -> str:
    bundle, people, n = result["bundle"], result["people"], result["held_out"]["n"]
    gpu = bundle["gpu_note"]
    shown = "\n".join(f"  - {line}" for line in attribution(style))
    fid = [result["held_out"][name]["fid_768"] for name in ("student", "teacher")]
    smaller = result["teacher"]["macs"] / result["student"]["macs"]
    return f"""# Model card: {style}

Written by `benchmarks/avatars/ship.py`. A portrait becomes the avatar that DiceBear's "{style}"
design would draw of that person, {result["size"]} x {result["size"]} pixels.

![People that no training has seen: photo, teacher, student, drawn avatar]({style}.png)

From above: photos of people whom no training has seen, the teacher, the shipped student, and what
DiceBear draws of them. The same people before walls that were drawn at random:

![The same people elsewhere]({style}-elsewhere.png)

- **Files.** `sdk/models/{style}.tflite` ({bundle["bytes"] / 1e6:.2f} MB, fp16 weights, {gpu};
  its pictures of {bundle["pictures"]} photos differ from torch's by {bundle["parity_max_abs"]:.4f}
  at most, of a range of 2) and `search/models/{style}.safetensors`.
- **Use.** One face, upright, cropped with some hair and neck: pupils near (.365, .4) and
  (.635, .4) of the side. An app takes `Stylizer.load("{style}")`.
- **Data.** The Face Research Lab London Set and its kin (CC BY 4.0), split by person; the avatars
  were drawn for these people (`benchmarks/avatars/README.md`), never traced from a photo. Ten
  composite faces, averages of four people each, are among the training pictures.
- **Rebuild.** `benchmarks/avatars/README.md`; settings, steps and versions are in the files'
  headers (`pocketstyle info`).
- **Quality.** On {people} held-out people ({n["source"]} photos). SSIM and L1 are to the avatar
  drawn of the person; FID and KID of 768 channels to {n["target"]} avatars of the training: of so
  few pictures, they are comparable within this table alone. Recipes were compared on these photos
  (docs/search.md), so they flatter a little.

{quality(result)}

The student's FID is {fid[0] / fid[1]:.2f} of its teacher's.

- **Cost.** {smaller:.1f} times fewer multiply-accumulates than its teacher. Milliseconds on the
  phones' GPUs as the speed model predicts them, without its intervals, which are wide at this size:
  `pocketstyle latency predict {style} --device s10` prints them (`docs/speed_model.md`).

{cost(result)}

- **Limits.** It learnt from adults facing a studio's camera: of profiles, hats, glasses, strong
  shadows and crowded backgrounds it makes smears. Against the drawn avatar it is softer. Smiles and
  small mouths are mostly lost, beards often; light hair comes out brown or ochre. Skin gets a
  tone between the design's by its lightness in the picture, which a lamp can change; on the
  darkest skin, hair and face run into one another and the eyes are dim: it serves dark-skinned
  people worse. The teacher shares most of this. It is no recogniser, and must not be used as one.
- **Licence.** Weights Apache-2.0. Show with them:
{shown}
"""
