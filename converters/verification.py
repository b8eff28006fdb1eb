"""Does a bundle do what its network does, with the operators that a phone's GPU runs?"""

from __future__ import annotations

import copy
import json
import statistics
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..quiet import quiet
from ..sdk.bundle import BundleInfo, read_info
from .flatbuffer import operators, read_model
from .gpu_gate import check_gpu

if TYPE_CHECKING:
    from torch import nn

# Largest difference from the torch network on [-1, 1].
LIMITS = {"fp32": 1e-3, "fp16": 2e-2}

HOST_THREADS = 1  # one thread repeats best on a shared machine
HOST_RUNS = 5
NOISE_PICTURES = 2


@dataclass(frozen=True)
class Verification:
    """What was found out about a bundle; parity is on the network's scale, mostly -1..1.

    Attributes:
        precision: of the weights.
        bytes: size of the file.
        operators: how often each operator occurs; casts of stored weights are not counted.
        transposes: how many of them move axes, a full copy each on a phone.
        operators_match: the list equals the network's `kernels()`, in order; None without network.
        pictures: how many were compared.
        max_abs, mean_abs: difference from the torch network; None without network.
        psnr_db: of the same, peak to peak 2.
        limit: that `max_abs` has to keep; None for a precision without one.
        gpu_resident: see `GateResult`; None means not checked.
        gpu_note: the device, or why not.
        host_ms: median time of a run on this machine's CPU.
        host_threads, host_runs: how that was measured.
    """

    precision: str
    bytes: int
    operators: dict[str, int]
    transposes: int
    operators_match: bool | None
    pictures: int
    max_abs: float | None
    mean_abs: float | None
    psnr_db: float | None
    limit: float | None
    gpu_resident: bool | None
    gpu_note: str
    host_ms: float
    host_threads: int
    host_runs: int

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, one line each; a check that was not made is no problem."""
        found = []
        if None not in (self.max_abs, self.limit) and not self.max_abs <= self.limit:
            found.append(f"differs from the network by {self.max_abs:.2g}, limit {self.limit:g}")
        if self.operators_match is False:
            found.append("its operators are not the ones that the network's cost counts")
        if self.transposes:
            found.append(f"{self.transposes} TRANSPOSE operators")
        if self.gpu_resident is False:
            found.append(f"not on the GPU: {self.gpu_note}")
        return tuple(found)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def verify(
    bundle: str | Path, against: nn.Module | None = None, pictures: np.ndarray | None = None
) -> Verification:
    """Check a bundle: parity, operators, GPU residency, speed on this machine.

    Args:
        against: the compact network that it was made from; None leaves parity out.
        pictures: uint8[N, S, S, 3] to compare on; None takes noise.

    Raises:
        DataError, FormatError: no bundle.
        UsageError: the pictures or the network do not have the bundle's size.
    """
    bundle = Path(bundle)
    info = read_info(bundle)
    tensor = info.signatures[0].inputs[0]
    if pictures is None:
        shape = (NOISE_PICTURES, *tensor.shape[1:])
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if pictures.shape[1:] != tensor.shape[1:] or len(pictures) == 0:
        raise UsageError(f"pictures of shape {pictures.shape}; the bundle takes {tensor.shape}")
    data = bundle.read_bytes()
    names = operators(read_model(data))
    content = ((pictures.astype(np.float32) - tensor.mean) / tensor.std).astype(np.float32)
    gate = check_gpu(bundle)
    stylized, host_ms = _play(data, info, content)
    parity: dict[str, Any] = dict.fromkeys(("max_abs", "mean_abs", "psnr_db"))
    if against is not None:
        if against.spec.size != tensor.shape[1]:
            raise UsageError(f"network of size {against.spec.size}, bundle of {tensor.shape[1]}")
        parity = _compare(stylized, _run_torch(against, content))
        expected = tuple(kernel.op for kernel in against.kernels())
    return Verification(
        precision=info.precision,
        bytes=len(data),
        operators=dict(Counter(names)),
        transposes=names.count("TRANSPOSE"),
        operators_match=None if against is None else names == expected,
        pictures=len(pictures),
        limit=LIMITS.get(info.precision),
        gpu_resident=gate.resident,
        gpu_note=gate.note,
        host_ms=host_ms,
        host_threads=HOST_THREADS,
        host_runs=HOST_RUNS,
        **parity,
    )


def _play(data: bytes, info: BundleInfo, content: np.ndarray) -> tuple[np.ndarray, float]:
    """Outputs [N, S, S, 3] of the TFLite runtime, and its median time in milliseconds."""
    from ai_edge_litert.interpreter import Interpreter

    signature = info.signatures[0]
    name, output = signature.inputs[0].name, signature.outputs[0].name
    with quiet():  # the runtime announces its kernels
        interpreter = Interpreter(model_content=data, num_threads=HOST_THREADS)
        run = interpreter.get_signature_runner(signature.name)
        stylized = np.concatenate([run(**{name: picture[None]})[output] for picture in content])
    times = []
    for _ in range(HOST_RUNS):
        start = time.perf_counter()
        run(**{name: content[:1]})
        times.append(time.perf_counter() - start)
    return stylized, 1000 * statistics.median(times)


def _run_torch(network: nn.Module, content: np.ndarray) -> np.ndarray:
    import torch

    network = copy.deepcopy(network).cpu().float().eval()
    x = torch.from_numpy(content).permute(0, 3, 1, 2)
    with torch.no_grad():
        # one at a time: a batch of large maps would not fit everywhere
        y = torch.cat([network(picture[None]) for picture in x])
    return y.permute(0, 2, 3, 1).numpy()


def _compare(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    difference = np.abs(a.astype(np.float64) - b)
    mean_square = max(float((difference**2).mean()), 1e-20)  # equal arrays: 206 dB
    return {
        "max_abs": float(difference.max()),
        "mean_abs": float(difference.mean()),
        "psnr_db": float(10 * np.log10(4 / mean_square)),
    }
