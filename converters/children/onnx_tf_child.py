"""Runs where onnx-tf lives. Arguments: an ONNX file, a new folder for the SavedModel."""

import sys

import onnx
import tensorflow as tf
from onnx import numpy_helper
from onnx_tf.backend import prepare
from onnx_tf.handlers.backend.pad import Pad

source, saved_model = sys.argv[1:]
model = onnx.load(source)
constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def pad(node, tensor_dict, **_):
    """onnx-tf's own asks the graph whether a pad is negative and builds both answers, of which the
    wrong one has impossible shapes; here the pads are numbers."""
    before, after = constants[node.inputs[1]].reshape(2, -1)
    x = tensor_dict[node.inputs[0]]
    if (before < 0).any() or (after < 0).any():
        end = [n if n is None else int(n + a) for n, a in zip(x.shape, after, strict=True)]
        return [tf.slice(x, -before, [e + b for e, b in zip(end, before, strict=True)])]
    mode = node.attrs.get("mode", "constant").upper()
    return [tf.pad(x, list(zip(before, after, strict=True)), mode)]


Pad.version_11 = Pad.version_13 = staticmethod(pad)
prepare(model).export_graph(saved_model)
