"""Playing style networks: pictures, folders and videos through a bundle.

Needs numpy, Pillow, PyAV, pydantic and a TFLite runtime; no torch and no tensorflow. Names are
imported on first use: an app that shows a menu waits for none of it.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Accelerator": ".accelerator",
    "BundleInfo": ".bundle",
    "Fit": ".stylizer",
    "FrameRateStylizer": ".frame_rate",
    "PictureReport": ".files",
    "Signature": ".bundle",
    "Steady": ".steady",
    "Stylizer": ".stylizer",
    "TensorInfo": ".bundle",
    "VideoReport": ".video",
    "append_info": ".bundle",
    "open_camera": ".camera",
    "read_frames": ".clip_reader",
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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
