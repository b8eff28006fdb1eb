"""Runs where onnx2tf lives. Arguments: an ONNX file, a new folder for the SavedModel."""

import sys

import numpy as np
import onnx2tf

source, saved_model = sys.argv[1:]
# onnx2tf compares layers on pictures that it would download; it takes a file of that name instead
pictures = np.random.default_rng(0).random((20, 128, 128, 3), np.float32)
np.save("calibration_image_sample_data_20x128x128x3_float32.npy", pictures)
onnx2tf.convert(source, output_folder_path=saved_model, output_signaturedefs=True, non_verbose=True)
