"""Runs where TensorFlow lives. Arguments: the folder of a SavedModel, the TFLite file to write."""

import sys
from pathlib import Path

import tensorflow as tf

saved_model, out = sys.argv[1:]
Path(out).write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved_model).convert())
