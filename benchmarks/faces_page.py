"""Writes docs/faces.jpg, of a photo of the package, and docs/faces.md, from measured numbers.

    python benchmarks/faces_page.py

The numbers are the part `jitter` of benchmarks/results/sdk.json (`benchmarks/sdk.py`).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pages import sheet, table
from PIL import Image
from pocketstyle.images import resize
from pocketstyle.sdk import Stylizer, read_rgb
from pocketstyle.sdk.faces import Alignment, Portrait
from pocketstyle.sdk.faces.detector import LONGEST
from pocketstyle.sdk.faces.portrait import LOOK
from pocketstyle.sdk.faces.tracking import HELD

ROOT = Path(__file__).parents[1]
PICTURE, PAGE = ROOT / "docs/faces.jpg", ROOT / "docs/faces.md"
RESULT = ROOT / "benchmarks/results/sdk.json"
SIDE = 256
LEANING = 10.0  # degrees
DETECTORS = (
    ("detector", "how", "licence", "sees"),
    [
        (
            "face mesh",
            "the default, shipped: [MediaPipe]"
            "(https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker)'s BlazeFace "
            "in squares of three sizes, and its mesh of 468 points, twice",
            "Apache-2.0",
            "small, leaning and turned faces; in videos followed from frame to frame",
        ),
        (
            "YuNet",
            "the path of an `.onnx`: [libfacedetection.train]"
            "(https://github.com/ShiqiYu/libfacedetection.train), whose `yunet_s_320_320` was "
            "measured, or [opencv_zoo](https://github.com/opencv/opencv_zoo)",
            "Apache-2.0; MIT",
            "small, leaning and turned faces too; needs `opencv-python-headless`",
        ),
        (
            "BlazeFace, short range",
            "the path of a `.tflite`: [MediaPipe]"
            "(https://ai.google.dev/edge/mediapipe/solutions/vision/face_detector)",
            "Apache-2.0",
            "faces of a tenth of the picture's longer side and more; the fastest",
        ),
    ],
)


def row(photo: np.ndarray, bundle: str, cut_out: bool) -> np.ndarray:
    """uint8[4, SIDE, SIDE, 3]: a photo, its face cut out, drawn, and put back."""
    with Stylizer.load(bundle, threads=1, accelerator="cpu") as stylizer:
        portrait = Portrait(stylizer, cut_out=cut_out, no_face="error")
        stylized = portrait.stylize(photo)
        crop = Alignment.of(portrait.detector.detect(photo)[0]).cut(photo, stylizer.size)
        pictures = photo, crop, stylizer.apply(crop), stylized
        return np.stack([resize(picture, SIDE, SIDE) for picture in pictures])


def picture() -> Image.Image:
    photo = read_rgb(ROOT / "demo/astronaut.jpg")
    leaning = Image.fromarray(photo).rotate(-LEANING, Image.Resampling.BICUBIC, center=(153, 100))
    rows = {
        "upright": row(photo, "toonhead", True),
        "leaning": row(np.asarray(leaning), "toonhead", True),
        "disc": row(photo, "adventurer", False),
    }
    return sheet(rows)


def numbers(rows: list[dict]) -> str:
    """The table of what was measured on the clips."""
    lines = []
    for one in rows:
        measured = one["measured"] > 0
        lines.append(
            (
                one["detector"],
                f"`{one['clip']}`",
                f"{one['with_a_face']} of {one['frames']}",
                str(one["measured"]),
                *(f"{one[key]:.3f}" if measured else "–" for key in ("found", "steadied")),
                f"{one['ratio']:.2f}" if measured else "–",
                f"{one['lag']:.3f}" if measured else "–",
            )
        )
    head = (
        "detector",
        "clip",
        "frames with a face",
        "measured",
        "found",
        "steadied",
        "ratio",
        "lag",
    )
    return table(head, lines)


def summary(rows: list[dict]) -> str:
    """Of each detector over all clips, every measured face counted once."""
    lines = []
    for detector in dict.fromkeys(one["detector"] for one in rows):
        own = [one for one in rows if one["detector"] == detector]
        seen, frames = (sum(one[key] for one in own) for key in ("with_a_face", "frames"))
        found, steadied, lag = (
            sum(one.get(key, 0) * one["measured"] for one in own)
            for key in ("found", "steadied", "lag")
        )
        number = sum(one["measured"] for one in own)
        lines.append(
            (detector, f"{seen} of {frames}", f"{steadied / found:.2f}", f"{lag / number:.3f}")
        )
    return table(("detector", "frames with a face", "steadied / found", "lag"), lines)


def page(rows: list[dict]) -> str:
    return f"""# Faces

Written by `python benchmarks/faces_page.py`.

A portrait network knows one thing: a face that fills its square, upright, pupils where its training
had them. `sdk/faces/` brings the faces of any picture into that form, and what the network draws
back into the picture.

![photo, aligned crop, what the network draws, the picture again](faces.jpg)

From above: `toonhead`; the same of a photo that leans; `adventurer` with its background. The photo
is Eileen Collins, NASA, public domain; the avatars' designs are "ToonHead" by Johan Melin and
"Adventurer" by Lisa Wischofsky, both CC BY 4.0.

```python
from pocketstyle.sdk import Stylizer, read_rgb, stylize_video
from pocketstyle.sdk.faces import Portrait

with Stylizer.load("toonhead") as stylizer:
    portrait = Portrait(stylizer)  # with the face mesh
    picture = portrait.stylize(read_rgb("party.jpg"))  # its size, every face drawn

    stylize_video(portrait, "party.mp4", "out.mp4")  # time stamps steady the crops

    alone = Portrait(stylizer, faces="crop").stylize(read_rgb("me.jpg"))  # [256, 256, 3]
```

    pocketstyle stylize party.jpg -m toonhead --faces paste -o out.jpg
    pocketstyle stylize me.mp4 -m toonhead --faces crop --detector yunet.onnx -o avatar.mp4

"paste" draws every face into the picture; "crop" shows the nearest one alone, upright in the
network's square, as avatars are made. `stylize_video` and `stylize_file` take a `Portrait` where
they take a Stylizer.

`Portrait(stylizer, "yunet.onnx")` takes a detector of one's own. `no_face` says what becomes of a
picture without any: "keep" leaves it as it is, "whole" stylises all of it, "error" raises
`DataError`. Avatars stand before an even background, which is left out,
so that the photo's is seen; `cut_out=False` pastes it too, as a disc, for designs like `adventurer`
whose heads are smaller than a person's.

## Detectors

{table(*DETECTORS)}

`FaceMesh().detect(rgb)` gives faces with `points`, float32[468, 3]: x, y and depth in pixels. Where
BlazeFace is sure of a face that the mesh does not fit, as on profiles, `points` is None.

In a video the mesh starts from the points of the frame before; the picture is searched every
{LOOK} seconds, where a face is lost, and after a seek. On `sister.mkv` (640x480, one thread,
x86_64) finding faces takes 9 ms a frame, of which a followed one takes 2; OpenCV's cascades, the
default before, took 124 ms side by side. On 118 neutral portraits whose pupils are labelled,
pupils are found within 0.033 of their distance in the mean, 0.086 at most.

YuNet is played by OpenCV, which is Apache-2.0; its wheels carry FFmpeg, LGPL-2.1. A detector of
one's own is a subclass of `FaceDetector` (call its `__init__`) with `detect`, or with `find`, which
sees pictures of {LONGEST} pixels a side at most, and each face again from near: without that
second look, the pupils of small and leaning faces are found badly.

Detectors find faces; they recognise nobody, and nothing here may be used to.

## Steady crops

A detector is off by a little, and differently in each frame. The four numbers of a crop (place,
size and angle) go through a 1€ filter (Casiez et al. 2012), by the frames' time stamps. "found"
and "steadied" are the mean length of the second difference of a crop's corners from frame to
frame; "lag" is how far steadied corners are from those found; both in sides of the crop. On Intel's
sample videos (CC BY 4.0), by `benchmarks/sdk.py --part jitter`:

{summary(rows)}

Clip by clip; "measured" are faces found in three frames in a row:

{numbers(rows)}

Where the ratio is highest, heads turn quickly at 12.5 frames a second: their movement counts as
shaking, and the filter follows it.

## Limits

- For faces that look at the camera. The shipped networks have seen no others: of a head that turns
  or leans forward they make smears, eyes too many or half a face, whatever the detector finds.
- Faces that lean by more than about 50 degrees are not found.
- What is drawn over a face is a disc of the crop. Hair beyond it stays, and where an avatar's chin
  or neck is slimmer than the person's, theirs is seen beside it. Hands before a face vanish.
- A lost face stays drawn where it was for {HELD} seconds, so one that leaves the picture leaves
  late.
- The networks' own limits ([toonhead](models/toonhead.md), [adventurer](models/adventurer.md)): of
  profiles and of faces of few pixels they make smears.
"""


def main() -> None:
    PAGE.write_text(page(json.loads(RESULT.read_text())["jitter"]))
    picture().save(PICTURE, quality=90)


if __name__ == "__main__":
    main()
