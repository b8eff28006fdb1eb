"""Does a bundle do what its network does, with the operators that a phone's GPU runs?"""

from __future__ import annotations

import copy
import json
import statistics
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..errors import FormatError, UsageError, first_line
from ..frames import Frame, Size, frame_text
from ..sdk.bundle import BundleInfo, Signature, read_info
from ..sdk.gpu_gate import GateResult, check_gpu
from ..sdk.graph_check import check_network
from .delegate_rules import refusals
from .fidelity import (
    LEVELS,
    Fidelity,
    as_signed,
    as_taken,
    at_frame,
    compare,
    network_values,
    noise,
    sample_pictures,
)
from .flatbuffer import DAMAGED, macs, operators, read_model, weight_types
from .player import Player, style_statistics
from .ranges import Range, worst_range

if TYPE_CHECKING:
    from torch import nn

    from ..networks import ModelCard
    from .onnx_reference import OnnxReference

FOREIGN = "foreign"  # the family of networks of others, which have no spec here
# Largest difference from the torch network, of pixels as -1..1.
LIMITS = {"fp32": 1e-3, "fp16": 2e-2}
# A network that looks for the most alike, by comparison with the largest, takes another where two
# are all but equally alike: some places may differ by much, 95 of a hundred keep the limit, and the
# mean of all keeps this share of it.
OF_CHOICES = 1 / 4
HALF_A_LEVEL = 0.5  # of 255: what rounding to pixels adds

HOST_THREADS = 1  # one thread repeats best on a shared machine
HOST_RUNS = 5


@dataclass(frozen=True)
class Verification:
    """What was found out about a signature of a bundle; parity is of pixels as -1..1.

    Attributes:
        frame: of the signature, such as "480x640".
        precision: of the weights.
        bytes: size of the file.
        weights: bytes of stored values by type.
        operators: how often each operator occurs; casts of stored weights are not counted.
        ops: how many in all.
        macs: multiply-accumulates of one picture.
        transposes: how many of them move axes, a full copy each on a phone.
        foreign: of a network of others, whose own transposes are no fault of the conversion.
        operators_match: the list equals the network's `kernels()`, in order, but for what quantises
            and what turns bytes into network values; None without network, and where it lists none.
        pictures: how many were compared.
        parity: difference from the torch network; None without network.
        limit: that its `max_abs` has to keep, or where it chooses its `p95_abs`, and a quarter of
            it its `mean_abs`; None for a quantised one, which has to keep the PSNR below which
            `convert` refuses it.
        chooses: a comparison decides what it takes from where.
        worst_range: the largest value inside, on these pictures.
        gpu_resident: see `GateResult`; None means not checked.
        gpu_note: the device, or why not.
        delegate_refuses: what the older delegate's rules leave to the CPU, with how often.
        host_ms: median time of a run on this machine's CPU.
        host_threads, host_runs: how that was measured.
        others: the same of the bundle's other frames.
    """

    frame: str
    precision: str
    bytes: int
    weights: dict[str, int]
    operators: dict[str, int]
    ops: int
    macs: float
    transposes: int
    foreign: bool
    operators_match: bool | None
    pictures: int
    parity: Fidelity | None
    limit: float | None
    chooses: bool
    worst_range: Range
    gpu_resident: bool | None
    gpu_note: str
    delegate_refuses: dict[str, int]
    host_ms: float
    host_threads: int
    host_runs: int
    others: tuple[Verification, ...] = ()

    @property
    def max_abs(self) -> float | None:
        """Largest difference from the torch network."""
        return None if self.parity is None else self.parity.max_abs

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, one line each; a check that was not made is no problem."""
        found = []
        if None not in (self.parity, self.limit):
            checks = (("", self.parity.max_abs, self.limit),)
            if self.chooses:
                checks = (
                    ("in a place of twenty ", self.parity.p95_abs, self.limit),
                    ("on average ", self.parity.mean_abs, OF_CHOICES * self.limit),
                )
            for how, apart, limit in checks:
                if not apart <= limit:
                    found.append(f"differs from the network {how}by {apart:.2g}, limit {limit:g}")
        if self.parity is not None:
            from .bundle import LEAST_PSNR  # torch: not where nothing is compared

            least, psnr = LEAST_PSNR.get(self.precision), self.parity.psnr_db
            if least is not None and not psnr >= least:
                found.append(f"PSNR to the network {psnr:.1f} dB, at least {least:g} wanted")
        if self.operators_match is False:
            found.append("its operators are not the ones that the network's cost counts")
        if self.transposes and not self.foreign:
            found.append(f"{self.transposes} TRANSPOSE operators")
        if not self.worst_range.share < 1:
            worst = self.worst_range
            found.append(f"{worst.tensor} reaches {worst.max_abs:.0f}: too large for float16")
        if self.gpu_resident is False:
            found.append(f"not on the GPU: {self.gpu_note}")
        for other in self.others:
            found += [f"at {other.frame} {line}" for line in other.problems if line not in found]
        return tuple(found)

    @property
    def verdict(self) -> str:
        """PASS or FAIL in one line, and why, or what was not checked."""
        if self.problems:
            return f"FAIL: {'; '.join(self.problems)}"
        left = [
            what
            for what, missing in (
                ("parity (--against MODEL)", self.parity is None),
                (f"the GPU ({self.gpu_note})", self.gpu_resident is None),
            )
            if missing
        ]
        return f"PASS; not checked: {', '.join(left)}" if left else "PASS"

    def to_json(self) -> str:
        """All of it; parity as `parity_max_abs` and so on, null without network."""
        return json.dumps(_fields(asdict(self)) | {"verdict": self.verdict})


def _fields(result: dict[str, Any]) -> dict[str, Any]:
    parity = result.pop("parity") or dict.fromkeys(Fidelity.__dataclass_fields__)
    others = [_fields(other) for other in result.pop("others")]
    return result | {f"parity_{name}": value for name, value in parity.items()} | {"others": others}


def verify(
    bundle: str | Path,
    against: tuple[nn.Module | OnnxReference, ModelCard] | None = None,
    pictures: np.ndarray | None = None,
    size: Size | None = None,
) -> Verification:
    """Check a bundle: parity, operators, ranges, GPU residency, speed on this machine.

    Args:
        against: the compact network that it was made from and its card, as `networks.load` gives
            them; of a network of others, onnxruntime's pictures count; None leaves parity out.
        pictures: uint8[N, H, W, 3] to compare on, of the first frame that is checked (others get
            them resized); None takes noise, and of a network of others photos, too.
        size: the frame to check, of several; None checks all of them, the first one in front. The
            GPU is asked about all of them in any case.

    Raises:
        DataError, FormatError: no bundle.
        UsageError: the pictures or the network do not have the bundle's frame, or it has no
            signature of this one.
    """
    bundle = Path(bundle)
    info = read_info(bundle)
    signatures = info.stylizers if size is None else (info.signature(size),)
    frame = signatures[0].frame
    if pictures is None and against is not None and _reference(against[0]) is not None:
        pictures = sample_pictures(frame)
    if pictures is not None and (pictures.shape[1:] != (*frame, 3) or len(pictures) == 0):
        raise UsageError(
            f"pictures of shape {pictures.shape}; the bundle takes {frame_text(frame)}"
        )
    data = bundle.read_bytes()
    model = read_model(data)
    check_network(bundle)
    gate = check_gpu(bundle)
    first, *others = (
        _verified(_Opened(bundle, info, data, model, gate), signature, against, pictures)
        for signature in signatures
    )
    return replace(first, others=tuple(others))


@dataclass(frozen=True)
class _Opened:
    """A bundle's file, read once for all of its signatures."""

    path: Path
    info: BundleInfo
    data: bytes
    model: schema.ModelT
    gate: GateResult


def _verified(
    bundle: _Opened,
    signature: Signature,
    against: tuple[nn.Module, ModelCard] | None,
    pictures: np.ndarray | None,
) -> Verification:
    info, data, model, tensor = bundle.info, bundle.data, bundle.model, signature.inputs[0]
    shown = noise(tensor.shape) if pictures is None else at_frame(pictures, signature.frame)
    try:
        names, spent = operators(model, signature.name), macs(model, signature.name)
        stored, refused = weight_types(model), refusals(model, signature.name)
    except DAMAGED as error:
        raise FormatError(f"{bundle.path} is damaged: {first_line(error)}") from error
    mean, std = tensor.mean, tensor.std
    limit = LIMITS.get(info.precision)
    if against is not None and tensor.dtype == "uint8":
        mean, std = against[1].mean, against[1].std
        limit = limit and limit + HALF_A_LEVEL / LEVELS
    taken = as_taken(shown, tensor, mean, std)
    # a style network draws all in the first one's manner
    fixed = style_statistics(data, taken[0]) if len(signature.inputs) > 1 else {}
    player = Player(data, HOST_THREADS, signature.name, fixed)
    made = player.play_all(taken)
    if made.shape != shown.shape:
        raise FormatError(
            f"{bundle.path} gives pictures {made.shape[1:]}, its metadata say otherwise"
        )
    seconds = [player.play(taken[0])[1] for _ in range(HOST_RUNS)]
    parity = matches = None
    if against is not None:
        network = _at_frame(against[0], signature.frame)
        wanted = _wanted(network, network_values(shown, mean, std))
        parity = compare(as_signed(made, mean, std), as_signed(wanted, mean, std))
        if hasattr(network, "kernels"):  # those of others say nothing of their cost
            kernels = tuple(kernel.op for kernel in network.kernels())
            matches = _inner(names, info, mean) == kernels
    return Verification(
        frame=frame_text(signature.frame),
        precision=info.precision,
        bytes=len(data),
        weights=stored,
        operators=dict(Counter(names)),
        ops=len(names),
        macs=spent,
        transposes=names.count("TRANSPOSE"),
        foreign=info.spec.get("family") == FOREIGN,
        operators_match=matches,
        pictures=len(shown),
        parity=parity,
        limit=limit,
        chooses="GREATER_EQUAL" in names,
        worst_range=worst_range(data, signature, taken, fixed),
        gpu_resident=bundle.gate.resident,
        gpu_note=bundle.gate.note,
        delegate_refuses=refused,
        host_ms=1000 * statistics.median(seconds),
        host_threads=HOST_THREADS,
        host_runs=HOST_RUNS,
    )


def _inner(names: tuple[str, ...], info: BundleInfo, mean: float) -> tuple[str, ...]:
    """The operators between what quantises and what turns pixels into network values."""
    names = tuple(name for name in names if name not in ("QUANTIZE", "DEQUANTIZE"))
    takes_bytes = info.signatures[0].inputs[0].dtype == "uint8"
    return names[1:-1] if takes_bytes and mean else names  # the mean, taken off and put on again


def _wanted(network: nn.Module | OnnxReference, content: np.ndarray) -> np.ndarray:
    """What the network makes of pictures; of one of others, what onnxruntime makes."""
    reference = _reference(network)
    return _run_torch(network, content) if reference is None else reference.play(content)


def _at_frame(network: nn.Module | OnnxReference, frame: Frame) -> nn.Module | OnnxReference:
    """A network of ours at a frame; one of others takes any that its file leaves open."""
    from ..networks import at_frame

    return network if _reference(network) is not None else at_frame(network, frame)


def _reference(network: nn.Module | OnnxReference) -> OnnxReference | None:
    """The file of a network of others; None of one of ours."""
    from .onnx_reference import OnnxReference

    reference = getattr(network, "reference", network)
    return reference if isinstance(reference, OnnxReference) else None


def _run_torch(network: nn.Module, content: np.ndarray) -> np.ndarray:
    import torch

    from .tflite import takes_style

    network = copy.deepcopy(network).cpu().float().eval()
    x = torch.from_numpy(content).permute(0, 3, 1, 2)
    with torch.no_grad():
        # one at a time: a batch of large maps would not fit everywhere
        more = (x[:1],) if takes_style(network) else ()
        y = torch.cat([network(picture[None], *more) for picture in x])
    return y.permute(0, 2, 3, 1).numpy()
