"""Quality of pictures, each metric one function on tensors."""

from .fid import fid
from .inception import features, load_inception
from .kid import kid
from .ssim import ssim
from .warping_error import warping_error

__all__ = ["features", "fid", "kid", "load_inception", "ssim", "warping_error"]
