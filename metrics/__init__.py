"""Quality of pictures, each metric one function on tensors."""

from .fid import fid
from .inception import features, load_inception
from .inception_2048 import features_2048, load_inception_2048
from .kid import kid
from .ssim import ssim
from .warping_error import warping_error

__all__ = [
    "features",
    "features_2048",
    "fid",
    "kid",
    "load_inception",
    "load_inception_2048",
    "ssim",
    "warping_error",
]
