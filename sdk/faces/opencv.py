"""OpenCV, or a line that says how to get it."""

from ...errors import PocketstyleError

try:
    import cv2 as cv2
except ImportError as error:
    raise PocketstyleError(
        f"faces need OpenCV; run `pip install 'pocketstyle[portrait]'` ({error})"
    ) from error
