"""A tiny network, in torch and as a bundle, and a clip with a tone to play it on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from pocketstyle.sdk import BundleInfo, Signature, Stylizer, TensorInfo, append_info

SIZE = 32
MEAN, STD = 127.5, 127.5


def make_info(**changes) -> BundleInfo:
    tensor = {"description": "RGB", "shape": (1, SIZE, SIZE, 3), "mean": MEAN, "std": STD}
    fields = {
        "name": "tiny",
        "title": "Tiny",
        "description": "Two convolutions with random weights, for tests.",
        "signatures": [
            Signature(
                name="serving_default",
                inputs=[TensorInfo(name="args_0", **tensor)],
                outputs=[TensorInfo(name="output_0", **tensor)],
            )
        ],
        "precision": "fp32",
        "spec": {"family": "tiny", "widths": [3, 8, 3]},
        "predicted_ms": {"s10": 0.5},
        "provenance": {"seed": 0},
        "licence": "Apache-2.0",
        "attribution": ["none"],
    }
    return BundleInfo(**{**fields, **changes})


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> SimpleNamespace:
    """`net` (torch, NCHW), `tflite` (bytes of its conversion, NHWC), `path` (its bundle)."""
    torch = pytest.importorskip("torch")
    litert_torch = pytest.importorskip("litert_torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 3, 3, padding=1),
    ).eval()
    with torch.no_grad():
        net[2].weight.mul_(4)  # so that some outputs leave -1..1 and have to be clipped
    nhwc = litert_torch.to_channel_last_io(net, args=[0], outputs=[0]).eval()
    folder = tmp_path_factory.mktemp("tiny")
    litert_torch.convert(nhwc, (torch.zeros(1, SIZE, SIZE, 3),)).export(str(folder / "raw.tflite"))
    tflite = (folder / "raw.tflite").read_bytes()
    path = folder / "tiny.tflite"
    path.write_bytes(append_info(tflite, make_info()))
    return SimpleNamespace(net=net, tflite=tflite, path=path)


@pytest.fixture
def stylizer(tiny) -> Stylizer:
    with Stylizer.load(tiny.path, threads=1) as stylizer:
        yield stylizer


def quadrants(width: int, height: int) -> np.ndarray:
    """Red, green / blue, grey quarters: a picture whose orientation shows."""
    rgb = np.full((height, width, 3), 128, np.uint8)
    rgb[: height // 2, : width // 2] = (200, 30, 30)
    rgb[: height // 2, width // 2 :] = (30, 200, 30)
    rgb[height // 2 :, : width // 2] = (30, 30, 200)
    return rgb


def write_clip(
    path: Path,
    width: int = 96,
    height: int = 64,
    times: list[int] | None = None,
    rotation: int = 0,
    audio: str | None = "aac",
) -> Path:
    """A clip by PyAV alone: quadrants that get darker, time stamps in 1/1000 s, a tone."""
    times = [40 * i for i in range(12)] if times is None else times
    with av.open(path, "w") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "10"})
        video.width, video.height, video.pix_fmt = width, height, "yuv444p"
        video.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            video.set_display_rotation(rotation)
        tone = container.add_stream(audio, rate=44100, layout="mono") if audio else None
        for i, pts in enumerate(times):
            frame = av.VideoFrame.from_ndarray(quadrants(width, height) // (1 + i % 4))
            frame.pts = pts
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if tone:
            wave = np.sin(np.arange(22050) / 20).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate = 44100
            container.mux(tone.encode(frame))
            container.mux(tone.encode())
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")
