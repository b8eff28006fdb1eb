"""pocketstyle: latency-driven search, TFLite conversion and playback of style networks."""

from .errors import PocketstyleError

__version__ = "0.1.0"
__all__ = ["PocketstyleError", "__version__"]
