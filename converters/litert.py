"""From a torch network to the bytes of a TFLite file, by litert-torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from ..errors import PocketstyleError, UsageError
from ..networks import Width
from ..quiet import quiet
from .rewrites import rewrite

Precision = Literal["fp32", "fp16"]
Report = Callable[[str, int, int], None]  # stage, stages done, stages in all

SIGNATURE, INPUT, OUTPUT = "stylize", "content", "stylized"


def to_tflite(
    network: nn.Module, precisions: Iterable[Precision], report: Report | None = None
) -> dict[Precision, bytes]:
    """Convert a compact network at the size of its spec, once for all precisions.

    Args:
        network: [B, 3, S, S] → the same; the caller's object stays as it is.
        precisions: of the stored weights of convolutions; "fp16" halves the file, and every
            runtime computes with them as it would with float32.
        report: called before each stage and at the end. Standard output and standard error are
            silenced between the calls, a progress bar's too.

    Returns:
        TFLite files with one signature, "stylize": "content" [1, S, S, 3] to "stylized", the same.

    Raises:
        UsageError: an unknown precision, or a supernet.
        PocketstyleError: litert-torch is not installed, or cannot convert the network.
    """
    precisions = list(precisions)
    for precision in precisions:
        if precision not in ("fp32", "fp16"):
            raise UsageError(f"precision {precision!r}; allowed: fp32, fp16")
    if any(isinstance(m, Width) and m.mask is not None for m in network.modules()):
        raise UsageError("a supernet cannot be converted; compact() it first")

    def halve(files: dict[Precision, bytes]) -> dict[Precision, bytes]:
        return {p: _halve(tflite) if p == "fp16" else tflite for p, tflite in files.items()}

    def name(files: dict[Precision, bytes]) -> dict[Precision, bytes]:
        return {precision: _name(tflite) for precision, tflite in files.items()}

    stages = {
        "convert": lambda _: dict.fromkeys(precisions, _convert(network)),
        "halve weights": halve,
        "name tensors": name,
    }
    if "fp16" not in precisions:
        del stages["halve weights"]
    files: dict[Precision, bytes] = {}
    for done, (stage, run) in enumerate(stages.items()):
        if report:
            report(stage, done, len(stages))
        try:
            with quiet():
                files = run(files)
        except ModuleNotFoundError as error:
            raise PocketstyleError(
                "conversion needs the convert extra: pip install 'pocketstyle[convert]'"
            ) from error
        except Exception as error:  # whatever the libraries raise
            reason = str(error).strip().split("\n")[0]
            raise PocketstyleError(
                f"could not {stage}: {type(error).__name__}: {reason}"
            ) from error
    if report:
        report("done", len(stages), len(stages))
    return files


class Stylize(nn.Module):
    """The exported function: pictures in NHWC, and names that the signature takes over."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, content: Tensor) -> dict[str, Tensor]:
        stylized = self.network(content.permute(0, 3, 1, 2))
        return {OUTPUT: stylized.permute(0, 2, 3, 1)}


def _convert(network: nn.Module) -> bytes:
    import litert_torch

    size = network.spec.size
    module = Stylize(rewrite(network).cpu().float()).eval()
    content = {INPUT: torch.zeros(1, size, size, 3)}
    converter = litert_torch.signature(SIGNATURE, module, sample_kwargs=content)
    return converter.convert().model_content()


def _halve(tflite: bytes) -> bytes:
    """float16 weights for the convolutions, each cast back to float32 where it is used."""
    from ai_edge_quantizer import qtyping, quantizer

    weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
    recipe = quantizer.Quantizer(tflite)
    recipe.update_quantization_recipe(
        regex=".*",
        operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
        op_config=qtyping.OpQuantizationConfig(
            weight_tensor_config=weights,
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
        algorithm_key=quantizer.AlgorithmName.FLOAT_CASTING,
    )
    return bytes(recipe.quantize().quantized_model)


def _name(tflite: bytes) -> bytes:
    """Short names for the tensors in between: litert-torch's take 300 bytes each."""
    from .flatbuffer import read_model, write_model

    model = read_model(tflite)
    graph = model.subgraphs[0]
    for index, tensor in enumerate(graph.tensors):
        if index not in (*graph.inputs, *graph.outputs):
            tensor.name = f"{_module_path(tensor.name.decode())}:{index}"
    return write_model(model)


def _module_path(name: str) -> str:
    """'a.Stylize/b.Net_network/c.Block_block0/d.Norm_norm1;;…' → 'block0/norm1'."""
    parts = name.partition(";")[0].split("/")[2:]
    return "/".join(part.rpartition(".")[2].partition("_")[2] for part in parts)
