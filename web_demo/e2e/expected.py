"""What the SDK makes of pictures, and files that are wrong, for the tests beside this file.

    python expected.py FOLDER

Pictures are written as PNG for the page and as raw RGB for the comparison.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import av
import numpy as np
import skimage.data
from PIL import Image
from pocketstyle.datasets import heads
from pocketstyle.sdk import Stylizer, read_info, resolve, shipped

HALF = 0.5
PORTRAITS = ("heads", "toonhead")
STYLES = {"artnet-256": HALF, "photonas": 1.0}  # and how much of the style


def main() -> None:
    out = Path(sys.argv[1])
    cat = np.asarray(Image.fromarray(skimage.data.chelsea()).resize((180, 120)))
    portrait = skimage.data.astronaut()[20:220, 100:340]
    style = np.asarray(Image.fromarray(skimage.data.coffee()).resize((300, 200)))
    for name, rgb in {"portrait": portrait, "cat": cat, "style": style}.items():
        Image.fromarray(rgb).save(out / f"{name}.png")
    made: dict[str, np.ndarray] = {}
    for name in PORTRAITS:
        with Stylizer.load(name, threads=1, accelerator="cpu") as stylizer:
            made[name] = stylizer.stylize(portrait)
    for name, alpha in STYLES.items():
        if name not in shipped():
            continue
        with Stylizer.load(name, threads=1, accelerator="cpu") as stylizer:
            stylizer.set_style(style, alpha)
            made[name] = stylizer.stylize(cat, stylizer.usual_fit)
    sizes = {}
    for name, rgb in made.items():
        (out / f"{name}.rgb").write_bytes(rgb.tobytes())
        sizes[name] = {"width": rgb.shape[1], "height": rgb.shape[0]}
    about = {name: read_info(resolve(name)).model_dump(mode="json") for name in made}
    (out / "made.json").write_text(json.dumps({"sizes": sizes, "about": about}))
    _write_wrong_files(out, resolve("heads").read_bytes())
    _write_clip(out / "clip.webm")


def _write_wrong_files(out: Path, bundle: bytes) -> None:
    (out / "own.tflite").write_bytes(bundle)
    (out / "notes.png").write_text("no picture\n")
    (out / "notes.txt").write_text("neither\n")
    (out / "plain.tflite").write_bytes(bundle[:64])
    zeros = bytes(len(bundle) // 2)  # the metadata say what the network no longer is
    (out / "broken.tflite").write_bytes(bundle[:64] + zeros + bundle[64 + len(zeros) :])
    with (out / "large.png").open("wb") as file:
        file.truncate(65_000_000)


def _write_clip(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libvpx", rate=12)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        for photo, _ in heads.clip(3, 24, 128):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(photo, format="rgb24")))
        file.mux(stream.encode())


if __name__ == "__main__":
    main()
