"""The pictures, the clip and the styles that the page offers: all of them may ship.

    .venv/bin/python web_demo/samples.py

Photos are samples of scikit-image (CC0 and public domain), heads are drawn by `datasets/heads.py`,
styles are painted by `benchmarks/art/painted_styles.py` from those photos.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import skimage.data
from PIL import Image
from pocketstyle.datasets import heads

HERE = Path(__file__).parent
OUT = HERE / "public/samples"
sys.path.insert(0, str(HERE.parent / "benchmarks/art"))
import painted_styles as styles  # noqa: E402

CREDITS = {
    "astronaut": "Eileen Collins, NASA, public domain",
    "chelsea": "Stefan van der Walt, CC0",
    "coffee": "Rachel Michetti, CC0",
    "rocket": "SpaceX, public domain",
}
DRAWN = "made by pocketstyle"
FACE = (149, 44, 297, 192)  # of the astronaut: cropped as toonhead's training pictures are
PAINTED = {  # a style's file: its name, the manner, the photo below it, the seed of its colours
    "mosaic": ("Mosaic", styles.mosaic, "coffee", 2),
    "oil": ("Oil", styles.oil, "coffee", 6),
    "dots": ("Dots", styles.dots, "coffee", 4),
    "ink": ("Ink", styles.hatching, "chelsea", 4),
    "poster": ("Poster", styles.poster, "astronaut", 2),
    "marble": ("Marble", styles.pattern, "chelsea", 1),
}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    photos = {name: getattr(skimage.data, name)() for name in CREDITS}
    face = Image.fromarray(photos["astronaut"]).crop(FACE)
    pictures = [
        _saved("astronaut", "Astronaut", face, CREDITS["astronaut"]),
        _saved("head", "Drawn head", Image.fromarray(heads.pair(7, 3, 256)[0]), DRAWN),
        _saved("chelsea", "Cat", Image.fromarray(photos["chelsea"]), CREDITS["chelsea"]),
        _saved("coffee", "Coffee", Image.fromarray(photos["coffee"]), CREDITS["coffee"]),
    ]
    made = [_saved("rocket", "Launch", Image.fromarray(photos["rocket"]), CREDITS["rocket"])]
    for file, (title, manner, photo, seed) in PAINTED.items():
        made.append(_saved(file, title, _painted(manner, photos[photo], seed), DRAWN))
    frames = [photo for photo, _ in heads.clip(7, 72, 256)]
    clip = _saved("turning", "Turning head", Image.fromarray(frames[0]), DRAWN)
    _write_clip(OUT / "turning.mp4", frames)
    clips = [clip | {"file": "turning.mp4", "thumb": clip["file"]}]
    text = json.dumps({"pictures": pictures, "clips": clips, "styles": made}, indent=1)
    (HERE / "src/samples.json").write_text(text + "\n")


def _saved(name: str, title: str, picture: Image.Image, credit: str) -> dict[str, str]:
    picture.save(OUT / f"{name}.jpg", quality=88, optimize=True)
    return {"file": f"{name}.jpg", "title": title, "credit": credit}


def _painted(manner: Callable, photo: np.ndarray, seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    rgb = np.asarray(Image.fromarray(photo).resize((styles.SIDE, styles.SIDE))) / 255
    painted = np.clip(manner(styles.recoloured(rgb, random), random), 0, 1)
    return Image.fromarray(np.rint(255 * painted).astype(np.uint8))


def _write_clip(path: Path, frames: list[np.ndarray]) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=24, options={"crf": "24", "bf": "0"})
        stream.width = stream.height = 256
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode())


if __name__ == "__main__":
    main()
