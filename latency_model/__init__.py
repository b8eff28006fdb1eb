"""The speed model: what a list of kernels takes on a device."""

from .kernel import Kernel, total_macs
from .speed_model import Prediction, SpeedModel, device_names, predict_all

__all__ = ["Kernel", "Prediction", "SpeedModel", "device_names", "predict_all", "total_macs"]
