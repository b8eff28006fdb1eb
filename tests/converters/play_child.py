"""Plays a bundle in another environment. Arguments: the runtime's module, the bundle, pictures and
results as .npy."""

import importlib
import sys

import numpy as np

runtime, bundle, pictures, results = sys.argv[1:]
interpreter = importlib.import_module(runtime).Interpreter(bundle)
run = interpreter.get_signature_runner("stylize")
made = [run(content=picture[None])["stylized"] for picture in np.load(pictures)]
np.save(results, np.concatenate(made))
