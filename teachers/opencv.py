"""OpenCV on one thread, as each core draws by itself; or a line that says how to get it."""

from ..errors import PocketstyleError

try:
    import cv2 as cv2
    from cv2 import ximgproc as ximgproc
except ImportError as error:
    raise PocketstyleError(
        f"drawing needs OpenCV; run `pip install 'pocketstyle[teachers]'` ({error})"
    ) from error

cv2.setNumThreads(1)
