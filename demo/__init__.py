"""The main job from end to end, on embedded data."""

from .main_job import demo

__all__ = ["demo"]
