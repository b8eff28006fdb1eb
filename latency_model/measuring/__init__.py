"""Measuring latency on a device at hand: a phone over adb, or this computer."""

from .adb import connected_phones, measure_on_phone
from .measurement import Measurement
from .this_computer import measure_here

__all__ = ["Measurement", "connected_phones", "measure_here", "measure_on_phone"]
