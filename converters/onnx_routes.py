"""The routes over ONNX: onnx2tf and onnx-tf make a SavedModel, TensorFlow makes the TFLite file.

Both pin TensorFlows of 2023 and 2025, so each lives in an environment of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import nn

from ..errors import DataError
from .environment import RouteEnvironment
from .exported import Stylize
from .onnx_model import export_onnx
from .rewrites import rewrite

CHILDREN = Path(__file__).parent / "children"
LAST_OPSET = 17  # that onnx-tf knows


def by_onnx(
    route: str,
    network: nn.Module,
    shift: float = 0.0,
    saved_model: Path | None = None,
) -> bytes:
    """A TFLite file of float32 weights, pictures in NHWC.

    Args:
        route: "onnx2tf" or "onnx-tf".
        shift: as `Stylize` has it.
        saved_model: where to keep TensorFlow's SavedModel, too.

    Raises:
        PocketstyleError: the environment cannot be made, or the converter fails.
    """
    environment = RouteEnvironment(route)
    with TemporaryDirectory() as folder:
        within = Path(folder)
        source, made, out = within / "network.onnx", within / "saved_model", within / "out.tflite"
        nhwc = route == "onnx-tf"  # onnx2tf turns pictures by itself
        export_onnx(Stylize(rewrite(network), shift, nhwc=nhwc), network.spec.frame, source)
        if route == "onnx-tf":
            older_opset(source)
        child = CHILDREN / f"{route.replace('-', '_')}_child.py"
        environment.call(child, source, made, within=within)
        environment.call(CHILDREN / "tflite_child.py", made, out, within=within)
        tflite = out.read_bytes()
        if saved_model is not None:
            try:
                shutil.copytree(made, saved_model)
            except (OSError, shutil.Error) as error:
                raise DataError(f"cannot write the SavedModel: {_reason(error)}") from error
        return tflite


def _reason(error: Exception) -> str:
    """shutil's errors are lists of (source, target, reason)."""
    told = error.args[0]
    return str(told[0][2] if isinstance(told, list) else getattr(error, "strerror", error))


def older_opset(path: Path) -> None:
    """Rewrite an ONNX file of opset 18 as one of opset 17.

    There, the axes of reductions are attributes, and some attributes do not exist yet, which hold
    their defaults here.
    """
    import onnx
    from onnx import defs, helper, numpy_helper

    model = onnx.load(path)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        known = defs.get_schema(node.op_type, LAST_OPSET).attributes
        kept = [attribute for attribute in node.attribute if attribute.name in known]
        if "axes" in known and len(node.input) > 1:
            axes = constants[node.input.pop()].tolist()
            kept.append(helper.make_attribute("axes", axes))
        del node.attribute[:]
        node.attribute.extend(kept)
    model.opset_import[0].version, model.ir_version = LAST_OPSET, 8
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
