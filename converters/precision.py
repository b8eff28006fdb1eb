"""The precisions of a TFLite file, by ai-edge-quantizer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe, recipe_manager
from ai_edge_quantizer.utils import qsv_utils

from ..quiet import quiet
from .tflite import INPUT, Precision


def with_precision(
    tflite: bytes, precision: Precision, calibration: Mapping[str, np.ndarray]
) -> bytes:
    """The same file in another precision.

    Args:
        tflite: of float32.
        precision: "fp32" as it is; "fp16" weights of half the size, computed with as float32;
            "int8-weights" a quarter, likewise; "int8-dynamic" a quarter, on a CPU convolutions in
            integers whose inputs are quantised as they come; "int8" all in integers but the
            pictures, the scales fixed by the calibration.
        calibration: float32[N, S, S, 3] as the file takes them by signature, for "int8".
    """
    if precision == "fp32":
        return tflite
    with quiet():
        return _quantised(tflite, precision, calibration)


def _quantised(tflite: bytes, precision: Precision, calibration: Mapping[str, np.ndarray]) -> bytes:
    made = quantizer.Quantizer(tflite)
    if precision == "fp16":
        made.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(
                    num_bits=16, dtype=qtyping.TensorDataType.FLOAT
                ),
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key=quantizer.AlgorithmName.FLOAT_CASTING,
        )
        return bytes(made.quantize().quantized_model)
    recipes = {
        "int8-weights": recipe.weight_only_wi8_afp32,
        "int8-dynamic": recipe.dynamic_wi8_afp32,
        "int8": recipe.static_wi8_ai8,
    }
    made.load_quantization_recipe(recipes[precision]())
    ranges = None
    if precision == "int8":
        for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            made.update_quantization_recipe(
                regex=".*", operation_name=end, algorithm_key=quantizer.AlgorithmName.NO_QUANTIZE
            )
        # least and greatest of all pictures: the library's own mean of them clips what a network
        # that decides between drawings decides by
        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(made.get_quantization_recipe())
        seen = {
            name: [{INPUT: picture[None]} for picture in pictures]
            for name, pictures in calibration.items()
        }
        judge = calibrator.Calibrator(tflite, qsv_update_func=qsv_utils.min_max_update)
        judge.calibrate(seen, manager)
        ranges = judge.get_model_qsvs()
    return bytes(made.quantize(ranges).quantized_model)
