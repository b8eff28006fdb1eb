"""Playing style networks: pictures, folders and videos through a bundle.

Needs numpy, Pillow, PyAV, pydantic and a TFLite runtime; no torch and no tensorflow.
"""

from ..images import read_rgb
from .accelerator import Accelerator
from .bundle import (
    BundleInfo,
    Signature,
    TensorInfo,
    append_info,
    read_info,
    resolve,
    shipped,
)
from .clip_reader import read_frames
from .clip_writer import write_video
from .files import PictureReport, stylize_file
from .frame_rate import FrameRateStylizer
from .steady import Steady
from .stylizer import Fit, Stylizer
from .video import VideoReport, stylize_video

__all__ = [
    "Accelerator",
    "BundleInfo",
    "Fit",
    "FrameRateStylizer",
    "PictureReport",
    "Signature",
    "Steady",
    "Stylizer",
    "TensorInfo",
    "VideoReport",
    "append_info",
    "read_frames",
    "read_info",
    "read_rgb",
    "resolve",
    "shipped",
    "stylize_file",
    "stylize_video",
    "write_video",
]
