"""Runs where TensorFlow lives. Arguments: a checkpoint's prefix, the .npz file to write."""

import sys

import numpy as np
import tensorflow as tf

prefix, out = sys.argv[1:]
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
reader = tf.train.load_checkpoint(prefix)
names = [name for name in reader.get_variable_to_shape_map() if name.endswith(SUFFIX)]
np.savez(out, **{name.removesuffix(SUFFIX): reader.get_tensor(name) for name in names})
