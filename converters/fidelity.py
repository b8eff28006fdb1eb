"""How far a TFLite file's pictures are from others of the same photos."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np

from ..quiet import quiet
from ..sdk.bundle import Signature

THREADS, RUNS = 1, 5  # one thread repeats best on a shared machine


@dataclass(frozen=True)
class Fidelity:
    """Differences of network values, mostly in -1..1.

    Attributes:
        max_abs, mean_abs: of all values.
        psnr_db: peak to peak 2.
        ssim: mean structural similarity.
    """

    max_abs: float
    mean_abs: float
    psnr_db: float
    ssim: float


def compare(made: np.ndarray, wanted: np.ndarray) -> Fidelity:
    """Of two stacks of pictures, float32[N, S, S, 3]."""
    import torch

    from ..metrics import ssim

    difference = np.abs(made.astype(np.float64) - wanted)
    mean_square = max(float((difference**2).mean()), 1e-20)  # equal arrays: 206 dB
    x, y = (torch.from_numpy(a).permute(0, 3, 1, 2).contiguous() for a in (made, wanted))
    return Fidelity(
        float(difference.max()),
        float(difference.mean()),
        float(10 * np.log10(4 / mean_square)),
        float(ssim(x, y).mean()),
    )


def play(
    tflite: bytes, signature: Signature, pictures: np.ndarray, mean: float, std: float
) -> tuple[np.ndarray, float]:
    """What a file makes of pictures, on this computer's CPU.

    Args:
        pictures: uint8[N, S, S, 3].
        mean, std: of the network's rule `value = (pixel - mean) / std`.

    Returns:
        float32[N, S, S, 3] of network values, and the median milliseconds of a run on one thread.
    """
    from ai_edge_litert.interpreter import Interpreter

    (content,), (stylized,) = signature.inputs, signature.outputs
    if content.dtype == "float32":
        pictures = network_values(pictures, mean, std)
    with quiet():  # the runtime announces its kernels
        interpreter = Interpreter(model_content=tflite, num_threads=THREADS)
        run = interpreter.get_signature_runner(signature.name)
        made = [run(**{content.name: picture[None]})[stylized.name] for picture in pictures]
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run(**{content.name: pictures[:1]})
        times.append(time.perf_counter() - start)
    values = np.concatenate(made)
    if stylized.dtype == "uint8":
        values = network_values(values, mean, std)
    return values, 1000 * statistics.median(times)


def network_values(pixels: np.ndarray, mean: float, std: float) -> np.ndarray:
    """uint8 pixels as a network has them, float32."""
    return ((pixels.astype(np.float32) - mean) / std).astype(np.float32)
