"""The speed model: what a list of kernels takes on a phone."""

from .fitting import fit_all
from .kernel import Kernel, total_macs
from .speed_model import SpeedModel, device_names, predict_all

__all__ = ["Kernel", "SpeedModel", "device_names", "fit_all", "predict_all", "total_macs"]
