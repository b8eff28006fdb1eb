"""Damaged and odd pictures and videos: is every one stylised or refused with a line?

    python benchmarks/fuzz.py --count 300

Each goes through `stylize_file` in a watched process, with options by chance, faces among them: a
result that can be read or one of our errors is well, any other exception, a crash, a hang or a file
left half-written is not.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing as mp
import random
import sys
import tempfile
import wave
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import av
import numpy as np
from hardware import hardware
from PIL import Image, ImageSequence
from pocketstyle.errors import PocketstyleError
from pocketstyle.sdk import Stylizer, read_frames, stylize_file, write_video
from pocketstyle.sdk.faces import Portrait
from skimage import data

TIME_LIMIT = 60.0  # seconds for one of them
ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/fuzz.json"


def seeds(folder: Path) -> dict[str, bytes]:
    """Whole files, by name."""
    photo = Image.fromarray(data.astronaut()[:240, :320])
    other = Image.fromarray(data.chelsea()[:240, :320])
    grey16 = Image.fromarray((np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16))
    pictures = {
        "photo.jpg": (photo, {}),
        "progressive.jpg": (photo, {"progressive": True}),
        "cmyk.jpg": (photo.convert("CMYK"), {}),
        "grey.jpg": (photo.convert("L"), {}),
        "photo.png": (photo, {}),
        "clear.png": (photo.convert("RGBA"), {}),
        "palette.png": (photo.convert("P"), {}),
        "bits.png": (photo.convert("1"), {}),
        "deep.png": (grey16, {}),
        "photo.webp": (photo, {}),
        "animated.webp": (photo, {"save_all": True, "append_images": [other]}),
        "animated.png": (photo, {"save_all": True, "append_images": [other]}),
        "photo.bmp": (photo, {}),
        "photo.tif": (photo, {"compression": "tiff_lzw"}),
        "float.tif": (Image.fromarray(np.random.default_rng(0).random((40, 50), np.float32)), {}),
        "pixel.png": (photo.resize((1, 1)), {}),
        "line.png": (photo.resize((20000, 1)), {}),
        "column.jpg": (photo.resize((1, 20000)), {}),
    }
    kinds = Image.registered_extensions()
    found = {}
    for name, (picture, options) in pictures.items():
        buffer = io.BytesIO()
        picture.save(buffer, kinds[Path(name).suffix], **options)
        found[name] = buffer.getvalue()
    frames = [np.asarray(photo)[:, i : i + 240] for i in range(0, 40, 4)]
    strip = np.random.default_rng(0).integers(0, 256, (2, 4000, 3), np.uint8)
    clips = {"clip.mp4": frames, "short.mp4": frames[:1], "wide.mp4": [strip] * 2}
    clips |= {"tall.mp4": [strip.transpose(1, 0, 2)] * 2, "dot.mp4": [strip[:, :2]] * 2}
    for name, some in clips.items():
        write_video(some, folder / name, fps=25)
        found[name] = (folder / name).read_bytes()
    buffer = io.BytesIO()
    photo.save(buffer, "GIF", save_all=True, append_images=[other])
    found["animated.gif"] = buffer.getvalue()
    with wave.open(str(folder / "tone.wav"), "wb") as tone:
        tone.setparams((1, 2, 8000, 0, "NONE", ""))
        tone.writeframes(np.int16(9000 * np.sin(np.arange(8000) / 9)).tobytes())
    found["tone.wav"] = (folder / "tone.wav").read_bytes()
    found["10bit.mkv"] = deep_video(folder / "10bit.mkv", frames)
    return found


def deep_video(path: Path, frames: list[np.ndarray]) -> bytes:
    """Ten bits a channel, lossless."""
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 240, 240, "yuv420p10le"
        for rgb in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p10le")))
        container.mux(stream.encode())
    return path.read_bytes()


def variants(whole: dict[str, bytes], count: int, chance: random.Random) -> Iterator[tuple]:
    """Kind of harm, file name, bytes: the whole files first, then harmed ones."""
    yield from (("whole", name, content) for name, content in whole.items())
    yield "empty", "empty.jpg", b""
    yield "text", "text.png", b"no picture\n" * 20
    yield "text", "text.mp4", b"no video\n" * 20
    for i in range(count - len(whole) - 3):
        name, content = chance.choice(list(whole.items()))
        harm = chance.choice(("truncated", "flipped", "renamed", "torn"))
        if harm == "truncated":
            content = content[: chance.randrange(len(content))]
        elif harm == "flipped":
            content = bytearray(content)
            for _ in range(chance.choice((1, 10, 100))):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif harm == "renamed":
            name = Path(name).stem + chance.choice(
                (".jpg", ".png", ".webp", ".mp4", ".mkv", ".tif")
            )
        else:  # a piece of it is another's
            start, other = chance.randrange(len(content)), chance.choice(list(whole.values()))
            content = content[:start] + other[:2000] + content[start + 2000 :]
        yield harm, f"{i}-{name}", bytes(content)


def work(model: str, asked: mp.Queue, told: mp.Queue) -> None:
    """What the child does: one file after the other."""
    with Stylizer.load(model, threads=1, accelerator="cpu") as stylizer:
        players = {None: stylizer}
        players |= {faces: Portrait(stylizer, faces=faces) for faces in ("paste", "crop")}
        told.put("ready")
        while (job := asked.get()) is not None:
            source, target, faces, options = job
            try:
                stylize_file(players[faces], source, target, **options)
                told.put("stylised" if readable(target) else "cannot be read")
            except PocketstyleError as error:
                told.put("refused" if "\n" not in str(error) else f"several lines: {error}")
            except Exception as error:
                told.put(f"{type(error).__name__}: {error}")


def readable(path: Path) -> bool:
    """Whether others read every frame of what was written."""
    if path.suffix == ".mp4":
        return any(True for _ in read_frames(path))
    with Image.open(path) as picture:
        return all(frame.convert("RGB").size > (0, 0) for frame in ImageSequence.Iterator(picture))


def some_options(video: bool, chance: random.Random) -> tuple[str, str | None, dict]:
    """The target's suffix, what becomes of faces, and what `stylize_file` takes besides."""
    options = {"fit": chance.choice(("crop", "stretch", "detail"))}
    options["compare"] = chance.random() < 0.3
    if video:
        options["steady"] = chance.random() < 0.3
        options["seconds"] = chance.choice((None, None, 0.1))
    suffix = chance.choice((".mp4", ".mp4", ".gif", ".webp") if video else (".png", ".jpg"))
    return suffix, chance.choice((None, None, None, "paste", "crop")), options


class Child:
    """A process that stylises, started again where it died."""

    def __init__(self, model: str):
        self.model, self.context = model, mp.get_context("spawn")
        self.start()

    def start(self) -> None:
        self.asked, self.told = self.context.Queue(), self.context.Queue()
        arguments = (self.model, self.asked, self.told)
        self.process = self.context.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        self.told.get(timeout=TIME_LIMIT)

    def stylise(self, *job: object) -> str:
        """How it went with a source, a target, faces and options."""
        self.asked.put(job)
        for _ in range(round(TIME_LIMIT)):
            try:
                return self.told.get(timeout=1)
            except Empty:
                if not self.process.is_alive():
                    self.start()
                    return "crash"
        self.process.kill()
        self.start()
        return "hang"

    def stop(self) -> None:
        self.asked.put(None)
        self.process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--model", default="heads")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    result = run(arguments.model, arguments.count)
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result | {"hardware": hardware()}, indent=1) + "\n")
    sys.exit(bool(result["wrong"]))


def run(model: str, count: int) -> dict:
    """Outcomes by kind of harm, and everything that went wrong."""
    chance, outcomes, wrong = random.Random(0), Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        made, given, whole = (Path(folder) / name for name in ("made", "given", "whole"))
        for one in (made, given, whole):
            one.mkdir()
        child = Child(model)
        for harm, name, content in variants(seeds(whole), count, chance):
            source = given / name
            source.write_bytes(content)
            video = source.suffix in (".mp4", ".mkv", ".gif", ".wav")
            suffix, faces, options = some_options(video, chance)
            target = made / f"out{suffix}"
            outcome = child.stylise(source, target, faces, options)
            left = sorted(path.name for path in made.iterdir())
            well = {"stylised": [target.name], "refused": []}.get(outcome)
            if left != well:
                row = {"file": name, "harm": harm, "outcome": outcome, "left": left}
                wrong.append(row | {"target": target.name, "faces": faces} | options)
            outcomes[f"{harm}: {outcome if well is not None else 'wrong'}"] += 1
            for path in made.iterdir():
                path.unlink()
        child.stop()
    return {"model": model, "files": count, "outcomes": dict(outcomes), "wrong": wrong}


if __name__ == "__main__":
    main()
