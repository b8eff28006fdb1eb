"""From a torch network to the bytes of a TFLite file, by litert-torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from ..errors import PocketstyleError, UsageError
from ..networks import Width
from .quiet import quiet
from .rewrites import rewrite

Precision = Literal["fp32", "fp16"]
Report = Callable[[str, int, int], None]  # stage, stages done, stages in all

SIGNATURE, INPUT, OUTPUT = "stylize", "content", "stylized"


def to_tflite(
    network: nn.Module, precision: Precision = "fp32", report: Report | None = None
) -> bytes:
    """Convert a compact network at the size of its spec.

    Args:
        network: [B, 3, S, S] → the same; the caller's object stays as it is.
        precision: of the stored weights of convolutions; "fp16" halves the file, and every
            runtime computes with them as it would with float32.
        report: called before each stage and at the end. Standard output and standard error are
            silenced between the calls, a progress bar's too.

    Returns:
        A TFLite file with one signature, "stylize": "content" [1, S, S, 3] to "stylized", the same.

    Raises:
        UsageError: an unknown precision, or a supernet.
        PocketstyleError: litert-torch is not installed, or cannot convert the network.
    """
    if precision not in ("fp32", "fp16"):
        raise UsageError(f"precision {precision!r}; allowed: fp32, fp16")
    if any(isinstance(m, Width) and m.mask is not None for m in network.modules()):
        raise UsageError("a supernet cannot be converted; compact() it first")
    stages = ["convert", "name tensors"]
    if precision == "fp16":
        stages.insert(1, "halve weights")
    run = {"convert": lambda _: _convert(network), "halve weights": _halve, "name tensors": _name}
    tflite = b""
    for done, stage in enumerate(stages):
        if report:
            report(stage, done, len(stages))
        try:
            with quiet():
                tflite = run[stage](tflite)
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
    return tflite


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
