"""The speed model: what a list of kernels takes on a phone."""

from .fitting import fit_all
from .kernel import Kernel, total_macs
from .speed_model import SpeedModel, device_names

__all__ = ["Kernel", "SpeedModel", "device_names", "fit_all", "total_macs"]
