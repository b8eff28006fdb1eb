"""Playing style networks: pictures, folders and videos through a bundle.

Needs numpy, Pillow, PyAV, pydantic and a TFLite runtime; no torch and no tensorflow. Names are
imported on first use: an app that shows a menu waits for none of it.
"""

from ..lazy import names_from

_HOMES = {
    "Accelerator": ".accelerator",
    "BundleInfo": ".bundle",
    "Fit": ".bundle",
    "FrameRateStylizer": ".frame_rate",
    "PictureReport": ".files",
    "Signature": ".bundle",
    "Steady": ".steady",
    "Stylizer": ".stylizer",
    "TensorInfo": ".bundle",
    "VideoReport": ".video",
    "append_info": ".bundle",
    "open_camera": ".camera",
    "read_frames": ".animation_reader",
    "read_info": ".bundle",
    "read_rgb": "..images",
    "resolve": ".bundle",
    "shipped": ".bundle",
    "stylize_file": ".files",
    "stylize_frames": ".video",
    "stylize_video": ".video",
    "write_video": ".clip_writer",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
